// Owns the file of a signing key: P-256 in PKCS#8 (PEM), under a passphrase if its owner wants one.
// I1: a key is made with mode 0600 and never overwrites a file; one that others may read is refused.
// I2: the key and its passphrase stay in this process: no argument, variable, log or request holds them.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { contextsPath, type Environment } from '../context/contexts.ts';
import { Failure, usageFailure } from '../failure.ts';

export interface SigningKey {
  readonly key: KeyObject;
  /** SHA256:..., by which nodes find it in their policy. */
  readonly id: string;
  /** SubjectPublicKeyInfo in base64: what the policy of a node holds. */
  readonly publicKey: string;
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where a key is put, and looked for, when nobody says. */
export const defaultKeyPath = (environment: Environment): string =>
  join(dirname(contextsPath(environment)), 'signing-key.pem');

const toSigningKey = (key: KeyObject): SigningKey => {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(der).digest('base64').replace(/=+$/, '');
  return { key, id: `SHA256:${digest}`, publicKey: der.toString('base64') };
};

/** Makes a key and puts it into a new file. `passphrase` '': not encrypted. */
export const createKeyFile = (path: string, passphrase: string): SigningKey => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    ...(passphrase === '' ? {} : { cipher: 'aes-256-cbc', passphrase }),
  });
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'wx', 0o600);
    try {
      fchmodSync(file, 0o600);
      writeSync(file, pem.toString());
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new Failure(`cannot make ${path}: ${isThere ? 'it is there already' : words(error)}`, {
      remedy: isThere ? 'keys are never overwritten: choose another place with --out' : '',
      cause: error,
    });
  }
  return toSigningKey(privateKey);
};

const readKeyText = (path: string): string => {
  try {
    const file = openSync(path, 'r');
    try {
      const { mode } = fstatSync(file);
      if ((mode & 0o077) !== 0)
        throw usageFailure(
          `cannot use the key ${path}: others may read it (mode ${(mode & 0o777).toString(8)})`,
          `chmod 600 ${path}`,
        );
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usageFailure(`cannot read the key ${path}: ${words(error)}`, 'drover key create makes one');
  }
};

/** The key of a file. `ask` is called for the passphrase of one that has one. */
export const loadKeyFile = async (path: string, ask: () => Promise<string>): Promise<SigningKey> => {
  const text = readKeyText(path);
  const isSealed = text.includes('ENCRYPTED');
  const passphrase = isSealed ? await ask() : '';
  const key = parseKey(text, passphrase, path);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw usageFailure(`cannot use the key ${path}: it is not a P-256 key`, 'drover key create makes one');
  return toSigningKey(key);
};

const parseKey = (text: string, passphrase: string, path: string): KeyObject => {
  try {
    return createPrivateKey(passphrase === '' ? text : { key: text, passphrase });
  } catch {
    const why = text.includes('ENCRYPTED') ? 'the passphrase is not right' : 'it holds no private key in PEM';
    throw usageFailure(`cannot use the key ${path}: ${why}`);
  }
};
