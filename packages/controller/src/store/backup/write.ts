// Owns the writing of a backup while the controller serves (adr/0015).
// I1: no writer waits: the rows are read by a thread of their own, which sees one moment. While it does, the log beside
//     the database cannot be emptied (in PostgreSQL: replaced rows are kept), so it grows by what is written meanwhile.
// I2: memory is constant: pieces of 256 KiB go from one step to the next, and the disk sets the pace.
// I3: the file has its name only once it is whole and durable; what is half written ends in `.part`.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { ApiError } from '@drover/api';
import { type Clock, toTimestamp } from '../../platform/clock.ts';
import type { Hold } from '../../platform/hold.ts';
import { createSweeper } from '../../platform/spare-memory.ts';
import { ownVersion } from '../../platform/version.ts';
import { openChannel, type ThreadSource } from '../channel.ts';
import { newScrypt } from '../sealing/key-source.ts';
import type { Keyring } from '../sealing/keyring.ts';
import type { SnapshotOperations } from '../sql/snapshot.ts';
import { type BackupAbout, type BackupKey, sealBackup } from './container.ts';
import { contentRecords, type Snapshot, toKeyringRecord } from './content.ts';
import { type FileSource, filesOf, filesOfRows, type RowFiles } from './files.ts';
import { type Digest, Digester, sizeOf, toBytes } from './records.ts';

export interface WriteDeps {
  readonly dataDir: string;
  /** Address of the database of the rows; the data directory unless given. */
  readonly url?: string | undefined;
  readonly keyring: Pick<Keyring, 'id' | 'secrets'>;
  readonly clock: Clock;
  /** A thread of its own unless given. */
  readonly threads?: ThreadSource | undefined;
  /** Keeps the files that are in the backup from being removed by retention meanwhile. */
  readonly hold?: Hold;
}

export interface WrittenBackup {
  readonly about: BackupAbout;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Tells backups of one controller apart, and sorts them by time: drover-20260131T023000Z-r42.backup. */
export const backupName = ({ createdAt, revision }: Pick<BackupAbout, 'createdAt' | 'revision'>): string =>
  `drover-${createdAt.replace(/[:-]/g, '')}-r${revision}.backup`;

interface OpenSnapshot extends Snapshot {
  readonly files: FileSource;
  about(): Promise<Pick<BackupAbout, 'schema' | 'revision' | 'counts'>>;
  close(): Promise<void>;
}

const openSnapshot = async ({ dataDir, url, threads }: WriteDeps): Promise<OpenSnapshot> => {
  const thread: { death?: unknown } = {};
  const channel = await openChannel<SnapshotOperations>({
    worker: { mode: 'snapshot', place: url === undefined ? { dataDir } : { url } },
    source: threads,
    onReply: () => undefined,
    onDeath: (error) => {
      thread.death = error;
    },
  });
  // No race with a promise of its death: that would keep every answer, which together are all rows and bytes, until it ends.
  const orDeath = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw thread.death ?? error;
    });
  const rows: RowFiles = {
    list: (folder) => orDeath(channel.call('snapshot.files', folder)),
    size: (path) => orDeath(channel.call('snapshot.fileSize', path)),
    bytes: (wish) => orDeath(channel.call('snapshot.fileBytes', wish)),
  };
  return {
    files: url === undefined ? filesOf(dataDir) : filesOfRows(rows),
    about: () => orDeath(channel.call('snapshot.about', undefined)),
    columns: (table) => orDeath(channel.call('snapshot.columns', table)),
    page: (wish) => orDeath(channel.call('snapshot.page', wish)),
    blobs: () => orDeath(channel.call('snapshot.blobs', undefined)),
    close: () => channel.close(),
  };
};

/** The content as bytes; what `digester` knows at the end is the last record. */
async function* contentBytes(
  { keyring }: WriteDeps,
  snapshot: OpenSnapshot,
  onDigest: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const digester = new Digester();
  const sweep = createSweeper();
  for await (const record of contentRecords(snapshot.files, snapshot)) {
    digester.add(record);
    yield toBytes(record);
    sweep(sizeOf(record));
  }
  yield toBytes({ kind: 'head', head: toKeyringRecord(keyring) });
  const digest = digester.result();
  onDigest(digest);
  yield toBytes({ kind: 'head', head: { record: 'end', digest } });
}

export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

/** What can be mended by people is put into their words. */
export const toDiskError = (error: unknown, path: string): unknown => {
  if (!(error instanceof Error && 'code' in error)) return error;
  const folder = dirname(path);
  if (error.code === 'ENOSPC')
    return new ApiError(
      'InsufficientStorage',
      `cannot back up: the disk of ${folder} is full; free some space`,
    );
  if (error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'ENOENT')
    return new ApiError('ServiceUnavailable', `cannot back up: ${folder} cannot be written (${error.code})`);
  return error;
};

const writeFrom = async (
  snapshot: OpenSnapshot,
  deps: WriteDeps,
  wish: { readonly path: string; readonly key: BackupKey; readonly signal: AbortSignal },
): Promise<WrittenBackup> => {
  const createdAt = toTimestamp(deps.clock.nowMs());
  const scrypt = newScrypt();
  const key = await wish.key.load(scrypt);
  const about: BackupAbout = { drover: ownVersion, createdAt, ...(await snapshot.about()) };
  let digest: Digest | undefined;
  const content = contentBytes(deps, snapshot, (found) => {
    digest = found;
  });
  const given = { about, key, scrypt: wish.key.isPassphrase ? scrypt : undefined };
  await pipeline(
    Readable.from(content, { objectMode: false }),
    createZstdCompress(),
    (compressed: AsyncIterable<Uint8Array>) => sealBackup(given, compressed),
    createWriteStream(wish.path, { flags: 'wx', mode: 0o600, flush: true }),
    { signal: wish.signal },
  );
  if (digest === undefined) throw new Error('cannot back up: the content did not come to its end');
  return { about, digest, sizeBytes: (await stat(wish.path)).size };
};

/** Writes a backup to `path`, which must not be there yet. Throws ApiError; nothing is left then. */
export const writeBackup = async (
  deps: WriteDeps,
  wish: { readonly path: string; readonly key: BackupKey; readonly signal: AbortSignal },
): Promise<WrittenBackup> => {
  const part = `${wish.path}.${randomUUID()}.part`;
  const release = await deps.hold?.hold();
  const snapshot = await openSnapshot(deps).catch((error: unknown) => {
    release?.();
    throw error;
  });
  try {
    const written = await writeFrom(snapshot, deps, { ...wish, path: part });
    await rename(part, wish.path);
    await syncPath(dirname(wish.path));
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw toDiskError(error, wish.path);
  } finally {
    release?.();
    await snapshot.close();
  }
};
