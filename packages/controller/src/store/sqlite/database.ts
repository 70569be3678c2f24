// Owns how the SQLite files are opened.
// I1: one process at a time: an exclusive lock on lock.db is held by the writer for its life, and the system
//     releases it however the process ends.
// I2: WAL with synchronous=FULL: a commit that returned is on the disk.
// I3: only our own user can read the files, whatever the directory and the umask allow: they hold Secrets.
// I4: a migration is there whole or not at all, with its number: one that is killed begins anew at the next start.
// I5: data of a newer version are not touched, not even to bring in what lies in the log beside them.
import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ApiError } from '@drover/api/errors';
import { migrations } from '../migrations/index.ts';

const databaseFile = (dataDir: string): string => join(dataDir, 'drover.db');

/** 'DROV': tells our files from other SQLite files. */
const applicationId = 0x44524f56;

const refuse = (dataDir: string, why: string, cause?: unknown): ApiError =>
  new ApiError('ServiceUnavailable', `cannot open data directory ${dataDir}: ${why}`, undefined, cause);

const holder = (dataDir: string): string => {
  try {
    return ` (process ${readFileSync(join(dataDir, 'pid'), 'utf8').trim()})`;
  } catch {
    return '';
  }
};

/** Throws ApiError ServiceUnavailable when another process holds the directory or it cannot be written. */
const lock = (dataDir: string): DatabaseSync => {
  try {
    const held = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 });
    held.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    writeFileSync(join(dataDir, 'pid'), `${process.pid}\n`);
    return held;
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) {
      const why = `another controller${holder(dataDir)} is using it; stop that one or choose another --data-dir`;
      throw refuse(dataDir, why, error);
    }
    throw refuse(dataDir, `it is not writable (${String(error)}); choose another --data-dir`, error);
  }
};

/** Throws ApiError ServiceUnavailable when a process holds the directory; changes nothing. */
export const checkNotHeld = (dataDir: string): void => {
  if (!existsSync(join(dataDir, 'lock.db'))) return;
  const asked = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 });
  try {
    asked.exec('BEGIN EXCLUSIVE; ROLLBACK');
  } catch (error) {
    throw refuse(dataDir, `a controller${holder(dataDir)} is using it; choose another --data-dir`, error);
  } finally {
    asked.close();
  }
};

const pragma = (database: DatabaseSync, name: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

const checkVersion = (database: DatabaseSync, dataDir: string, known: number): void => {
  const version = pragma(database, 'user_version');
  if (version <= known) return;
  const why = `it was written by a newer version of Drover (schema ${version}, this one knows up to ${known}); start that version or choose another --data-dir`;
  throw refuse(dataDir, why);
};

/** I4. */
const migrate = (database: DatabaseSync, steps: readonly string[]): void => {
  const version = pragma(database, 'user_version');
  steps.slice(version).forEach((sql, index) => {
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
  });
};

/** Before SQLite opens it (I3); it gives new files beside it (-wal, -shm) the mode of the database. */
const makePrivate = (dataDir: string): void => {
  const file = databaseFile(dataDir);
  closeSync(openSync(file, 'a', 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) chmodSync(path, 0o600);
};

/**
 * I5: looked at by a connection that can write nothing. Where nothing lies in the log beside it, it is told that nobody
 * else can either, and leaves no files of its own.
 */
const refuseNewer = (dataDir: string, known: number): void => {
  const url = pathToFileURL(databaseFile(dataDir));
  if (!existsSync(url)) return;
  const log = statSync(`${databaseFile(dataDir)}-wal`, { throwIfNoEntry: false });
  if (log === undefined || log.size === 0) url.searchParams.set('immutable', '1');
  const database = new DatabaseSync(url, { readOnly: true, timeout: 10_000 });
  try {
    checkVersion(database, dataDir, known);
  } finally {
    database.close();
  }
};

const openFile = (dataDir: string, steps: readonly string[]): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    refuseNewer(dataDir, steps.length);
    makePrivate(dataDir);
    database = new DatabaseSync(databaseFile(dataDir), { timeout: 10_000 });
    const id = pragma(database, 'application_id');
    if (id !== 0 && id !== applicationId) throw refuse(dataDir, 'drover.db is not a Drover database');
    database.exec(
      `PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = ${applicationId};
       PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;
       PRAGMA journal_size_limit = 134217728; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY`,
    );
    migrate(database, steps);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof ApiError) throw error;
    throw refuse(dataDir, `drover.db cannot be read (${String(error)}); restore it from a backup`, error);
  }
};

export interface OpenDatabase {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * The one writer of the data directory, with the schema of this version; `steps`: with another one, for rows of then.
 * Throws ApiError ServiceUnavailable with one clear line.
 */
export const openWriter = (dataDir: string, steps = migrations): OpenDatabase => {
  const held = lock(dataDir);
  try {
    const database = openFile(dataDir, steps);
    return {
      database,
      close: () => {
        database.close();
        held.close();
      },
    };
  } catch (error) {
    held.close();
    throw error;
  }
};

/**
 * Rebuilds the file and empties the log beside it: what rows held that were deleted or replaced is in neither any more.
 * Needs as much free space as the file is large. The temporary file is not in memory, which it could exceed.
 */
export const scrub = (database: DatabaseSync): void => {
  database.exec(
    'PRAGMA temp_store = FILE; VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA temp_store = MEMORY',
  );
};

/** A reader beside the writer, which must have been opened before. */
export const openReader = (dataDir: string): OpenDatabase => {
  const database = new DatabaseSync(databaseFile(dataDir), { readOnly: true, timeout: 10_000 });
  database.exec('PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY');
  return { database, close: () => database.close() };
};

/** A reader that sees the moment in which it was opened until it is closed; writers do not wait for it. */
export const openSnapshot = (dataDir: string): OpenDatabase => {
  const opened = openReader(dataDir);
  // A transaction sees a moment from its first read on.
  opened.database.exec('BEGIN; SELECT count(*) FROM counter');
  return opened;
};
