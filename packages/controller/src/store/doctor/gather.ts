// Owns the gathering of the facts (facts.ts I1).
import { X509Certificate } from 'node:crypto';
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { holderOfPort, type PortHolder, programOf } from '../../platform/port-holders.ts';
import { readTail } from '../../platform/read-tail.ts';
import { aheadFiles, aheadWords } from '../audit-ahead.ts';
import { Reserve } from '../disk/reserve.ts';
import type { KeptFiles } from '../kept/kept-files.ts';
import type { KeySource } from '../sealing/key-source.ts';
import { checkKeyring, defaultKeyPath } from '../sealing/keyring.ts';
import type { DirectoryFact, KeyringFact, MachineFacts, PortFact } from './facts.ts';
import { isLocked, type ReadDatabase, readDatabase } from './read-database.ts';

export interface Asked {
  readonly dataDir: string;
  readonly port: number;
  readonly agentPort: number;
  readonly source: KeySource | undefined;
  readonly nowMs: number;
  /** Address of the database of the rows; undefined: the data directory, as far as it is known. */
  readonly url?: string | undefined;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const readDirectory = async (dataDir: string): Promise<DirectoryFact> => {
  const found = await stat(dataDir).catch(() => undefined);
  if (found === undefined) return { kind: 'missing' };
  if (!found.isDirectory()) return { kind: 'other' };
  const refused = await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => undefined,
    codeOf,
  );
  return { kind: 'directory', owner: found.uid, mode: found.mode & 0o777, refused };
};

const secretFiles = ['drover.db', 'drover.db-wal', 'keys', 'keys/ca.pem', 'keys/secrets.json', 'admin.json'];

const readExposed = async (dataDir: string): Promise<readonly string[]> => {
  const paths = [dataDir, ...secretFiles.map((name) => join(dataDir, name)), defaultKeyPath(dataDir)];
  const modes = await Promise.all(
    paths.map(async (path) => ({ path, mode: (await stat(path).catch(() => undefined))?.mode ?? 0 })),
  );
  return modes.filter(({ mode }) => (mode & 0o007) !== 0).map(({ path }) => path);
};

const readDisk = async (dataDir: string): Promise<MachineFacts['disk']> => {
  const found = await statfs(dataDir).catch(() => undefined);
  if (found === undefined) return undefined;
  const { bavail, blocks, bsize } = found;
  const { sizeBytes: reserveBytes } = new Reserve(dataDir);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, reserveBytes };
};

const readHolder = async (dataDir: string): Promise<PortHolder | undefined> => {
  if (!isLocked(dataDir)) return undefined;
  const pid = Number(await readFile(join(dataDir, 'pid'), 'utf8').catch(() => ''));
  return pid > 0 ? { pid, program: await programOf(pid) } : { pid: undefined, program: '' };
};

const readKeys = async ({ dataDir, source }: Asked, files?: KeptFiles): Promise<KeyringFact> => {
  try {
    return { kind: (await checkKeyring(dataDir, source, files)) ? 'open' : 'missing' };
  } catch (error) {
    return { kind: 'closed', why: error instanceof Error ? error.message : String(error) };
  }
};

/** Whatever is known of the rows and keys of it, wherever they are. */
const readRows = async (
  asked: Asked,
  isHeld: boolean,
): Promise<
  Pick<MachineFacts, 'database' | 'servers' | 'keyring'> & Pick<ReadDatabase, 'serverNotAfterMs'>
> => {
  const { dataDir, url } = asked;
  if (url === undefined) {
    const { fact, serverNotAfterMs } = readDatabase(dataDir, isHeld);
    return { database: fact, keyring: await readKeys(asked), serverNotAfterMs };
  }
  const { keptIn, readServers } = await import('./server-facts.ts'); // its driver is loaded for those who need it
  const servers = await readServers(url);
  const primary = servers.find((fact) => fact.kind === 'primary');
  const keyring = await readKeys(asked, keptIn({ keyring: primary?.keyring }, url));
  return { database: { kind: 'elsewhere' }, servers, keyring, serverNotAfterMs: primary?.serverNotAfterMs };
};

const readPorts = ({ port, agentPort }: Asked): Promise<readonly PortFact[]> =>
  Promise.all(
    (
      [
        ['port', port],
        ['agent-port', agentPort],
      ] as const
    ).map(async ([option, number]) => ({ option, port: number, holder: await holderOfPort(number) })),
  );

/** The CA's certificate as the first administrator's context has it; its own file is sealed. */
const endOfAuthority = async (dataDir: string): Promise<number | undefined> => {
  try {
    const { caPem } = JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8')) as { caPem?: string };
    return caPem === undefined ? undefined : new X509Certificate(caPem).validToDate.getTime();
  } catch {
    return undefined;
  }
};

const logBytes = 256 * 1024;
const maxErrors = 3;

const toError = (line: string): MachineFacts['errors'] => {
  try {
    const { level, time, msg, err } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (level !== 'error' && level !== 'fatal') return [];
    const why = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
    return [{ time: String(time), message: `${String(msg)}${why}`.split('\n', 1)[0]?.slice(0, 300) ?? '' }];
  } catch {
    return [];
  }
};

const readErrors = async (dataDir: string): Promise<MachineFacts['errors']> => {
  const tail = await readTail(join(dataDir, 'controller.log'), logBytes).catch(() => Buffer.alloc(0));
  return tail.toString().split('\n').flatMap(toError).slice(-maxErrors);
};

/** A controller that shares a database holds no lock of the directory: it is whoever has both of its ports. */
const holderOfAll = (ports: readonly PortFact[]): PortHolder | undefined => {
  const [first, ...others] = ports.map(({ holder }) => holder);
  return first?.pid !== undefined && others.every((other) => other?.pid === first.pid) ? first : undefined;
};

export const gatherFacts = async (asked: Asked): Promise<MachineFacts> => {
  const { dataDir, nowMs } = asked;
  const locker = await readHolder(dataDir);
  const ports = await readPorts(asked);
  const { serverNotAfterMs, ...rows } = await readRows(asked, locker !== undefined);
  const ends = [
    { of: 'authority', notAfterMs: await endOfAuthority(dataDir) },
    { of: 'server', notAfterMs: serverNotAfterMs },
  ] as const;
  return {
    nowMs,
    dataDir,
    user: process.getuid?.() ?? 0,
    directory: await readDirectory(dataDir),
    exposed: await readExposed(dataDir),
    disk: await readDisk(dataDir),
    holder: locker ?? (rows.database.kind === 'elsewhere' ? holderOfAll(ports) : undefined),
    ...rows,
    ports,
    certificates: ends.flatMap(({ of, notAfterMs }) =>
      notAfterMs === undefined ? [] : [{ of, notAfterMs }],
    ),
    ahead: (await aheadFiles(dataDir)).map((one) => aheadWords(dataDir, one)),
    errors: await readErrors(dataDir),
  };
};
