// Owns where the key-encryption key comes from: a file, a passphrase, or a command that prints it.
// I1: neither key nor passphrase is ever in argv, in an error or in a log.
// I2: a passphrase becomes a key by scrypt (RFC 7914) with a salt of its own.
import { execFile } from 'node:child_process';
import { createSecretKey, type KeyObject, randomBytes, scrypt } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { ApiError } from '@drover/api';
import { createDurably } from '../../platform/durable-file.ts';

export type KeySource =
  /** `path` undefined: beside the data directory. */
  | { readonly kind: 'file'; readonly path?: string }
  | { readonly kind: 'passphrase-file'; readonly path: string }
  /** From the environment; it is nowhere on a disk. */
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

export interface Scrypt {
  /** base64 */
  readonly salt: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** OWASP's cost for scrypt: 128 MiB and some tenths of a second, at a start only. */
export const newScrypt = (): Scrypt => ({
  salt: randomBytes(16).toString('base64'),
  cost: 2 ** 17,
  blockSize: 8,
  parallelization: 1,
});

const keyBytes = 32;
export const minPassphrase = 12;
const commandTimeoutMs = 30_000;

const refuse = (what: string, why: string, cause?: unknown): ApiError =>
  new ApiError('ServiceUnavailable', `cannot use ${what}: ${why}`, undefined, cause);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** 256 bits: as they are, in hex, or in base64. */
const parseKey = (bytes: Buffer, what: string): KeyObject => {
  const text = bytes.toString('latin1').trim();
  const forms = [bytes, Buffer.from(text, 'hex'), Buffer.from(text, 'base64')];
  const key = bytes.length === keyBytes ? bytes : forms.slice(1).find((one) => one.length === keyBytes);
  if (key === undefined)
    throw refuse(what, 'it is not a key of 32 bytes (raw, hex or base64), as of: openssl rand -base64 32');
  return createSecretKey(key);
};

/** Throws when others may read it: then it is no secret. */
const readPrivate = async (path: string, what: string): Promise<Buffer> => {
  try {
    const [{ mode }, bytes] = await Promise.all([stat(path), readFile(path)]);
    if ((mode & 0o007) === 0) return bytes;
  } catch (error) {
    const why = isMissing(error) ? 'it is not there; put it back from where you keep it' : reasonOf(error);
    throw refuse(what, why, error);
  }
  throw refuse(what, 'everybody on this machine may use it; take that away with chmod o-rwx');
};

const runCommand = ([file = '', ...args]: readonly string[], what: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const limits = { timeout: commandTimeoutMs, maxBuffer: 65_536, encoding: 'buffer' } as const;
    execFile(file, args, limits, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.toString().trim().split('\n')[0]?.slice(0, 200) ?? '';
      const how = error.killed === true ? 'it took too long' : `it failed (${error.code ?? error.signal})`;
      reject(refuse(what, said === '' ? how : `${how}: ${said}`));
    });
  });

/** @throws ApiError ServiceUnavailable when it is shorter than 12 characters. `what` names it. */
export const deriveKey = (
  passphrase: string,
  what: string,
  { salt, ...parameters }: Scrypt,
): Promise<KeyObject> => {
  if ([...passphrase].length < minPassphrase)
    throw refuse(what, `it has fewer than ${minPassphrase} characters`);
  const maxmem = 256 * parameters.cost * parameters.blockSize;
  return new Promise((resolve, reject) => {
    const normal = passphrase.normalize('NFC');
    scrypt(normal, Buffer.from(salt, 'base64'), keyBytes, { ...parameters, maxmem }, (error, key) => {
      if (error === null) resolve(createSecretKey(key));
      else reject(refuse(what, reasonOf(error), error));
    });
  });
};

/** For people: which source it is, in words that hold no secret. */
export const nameOfSource = (source: KeySource, defaultPath: string): string => {
  switch (source.kind) {
    case 'file':
      return `the key file ${source.path ?? defaultPath}`;
    case 'passphrase-file':
      return `the passphrase in ${source.path}`;
    case 'passphrase':
      return 'the passphrase in DROVER_SECRETS_PASSPHRASE';
    case 'command':
      return `the key that ${source.argv[0] ?? ''} prints`;
    default:
      return source satisfies never;
  }
};

export const isPassphrase = ({ kind }: KeySource): boolean =>
  kind === 'passphrase' || kind === 'passphrase-file';

/**
 * The key-encryption key. `salted` is needed for a passphrase. Throws ApiError ServiceUnavailable in one clear line.
 */
export const loadKey = async (
  source: KeySource,
  { defaultPath, salted }: { readonly defaultPath: string; readonly salted?: Scrypt | undefined },
): Promise<KeyObject> => {
  const what = nameOfSource(source, defaultPath);
  if (source.kind === 'file') return parseKey(await readPrivate(source.path ?? defaultPath, what), what);
  if (source.kind === 'command') return parseKey(await runCommand(source.argv, what), what);
  if (salted === undefined) throw refuse(what, 'the secrets are under a key, not under a passphrase');
  if (source.kind === 'passphrase') return deriveKey(source.passphrase, what, salted);
  const text = (await readPrivate(source.path, what)).toString('utf8').replace(/\r?\n$/, '');
  return deriveKey(text, what, salted);
};

/** Makes the key file of a new data directory when there is none; a key that is there is kept. */
export const ensureKeyFile = async (source: KeySource, defaultPath: string): Promise<void> => {
  if (source.kind !== 'file') return;
  const path = source.path ?? defaultPath;
  try {
    await createDurably(path, `${randomBytes(keyBytes).toString('base64')}\n`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    const why = `it cannot be made (${reasonOf(error)}); name a place for it with --secrets-key-file`;
    throw refuse(nameOfSource(source, defaultPath), why, error);
  }
};
