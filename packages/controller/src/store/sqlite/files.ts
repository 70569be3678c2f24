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
import type { OpenDatabase } from '../sql/database.ts';
import type { Mode } from '../sql/worker.ts';
import { openFile, type SqliteDatabase } from './database.ts';

const databaseFile = (dataDir: string): string => join(dataDir, 'drover.db');

/** 'DROV': tells our files from other SQLite files. */
export const applicationId = 0x44524f56;

const refuse = (dataDir: string, why: string, cause?: unknown): ApiError =>
  new ApiError('ServiceUnavailable', `cannot open data directory ${dataDir}: ${why}`, undefined, cause);

/** Of a full disk nothing is broken: neither another directory nor a backup is what helps. */
const isFull = (error: unknown): boolean => /ENOSPC|disk is full/.test(String(error));

const fullDisk = (dataDir: string, error: unknown): ApiError =>
  refuse(dataDir, 'its disk is full; free some space there (nothing is damaged)', error);

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
    if (isFull(error)) throw fullDisk(dataDir, error);
    throw refuse(dataDir, `it is not writable (${String(error)}); choose another --data-dir`, error);
  }
};

/** The lock alone, without a word in any file. */
const holdStill = (dataDir: string, remedy: string): DatabaseSync => {
  const held = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 });
  try {
    held.exec('BEGIN EXCLUSIVE');
    return held;
  } catch (error) {
    held.close();
    throw refuse(dataDir, `a controller${holder(dataDir)} is using it; ${remedy}`, error);
  }
};

/** Throws ApiError ServiceUnavailable when a process holds the directory; changes nothing. */
export const checkNotHeld = (dataDir: string): void => {
  if (existsSync(join(dataDir, 'lock.db'))) holdStill(dataDir, 'choose another --data-dir').close();
};

const checkVersion = (database: SqliteDatabase, dataDir: string, known: number): void => {
  const version = database.schema();
  if (version <= known) return;
  const why = `it was written by a newer version of Drover (schema ${version}, this one knows up to ${known}); start that version or choose another --data-dir`;
  throw refuse(dataDir, why);
};

/** I4. */
const migrate = (database: SqliteDatabase, steps: readonly string[]): void => {
  const version = database.schema();
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
  const database = openFile(url, { readOnly: true });
  try {
    checkVersion(database, dataDir, known);
  } finally {
    database.close();
  }
};

const openOwn = (dataDir: string, steps: readonly string[]): SqliteDatabase => {
  let database: SqliteDatabase | undefined;
  try {
    refuseNewer(dataDir, steps.length);
    makePrivate(dataDir);
    database = openFile(databaseFile(dataDir));
    const id = database.pragma('application_id');
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
    if (isFull(error)) throw fullDisk(dataDir, error);
    throw refuse(dataDir, `drover.db cannot be read (${String(error)}); restore it from a backup`, error);
  }
};

interface OpenSqlite extends OpenDatabase {
  readonly database: SqliteDatabase;
  close(): void;
}

/**
 * The one writer of the data directory, with the schema of this version; `steps`: with another one, for rows of then.
 * Throws ApiError ServiceUnavailable with one clear line.
 */
export const openWriter = (dataDir: string, steps = migrations): OpenSqlite => {
  const held = lock(dataDir);
  try {
    const database = openOwn(dataDir, steps);
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
const scrub = (database: SqliteDatabase): void => {
  database.exec(
    'PRAGMA temp_store = FILE; VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA temp_store = MEMORY',
  );
};

/** A reader beside the writer, which must have been opened before. */
const openReader = (dataDir: string): OpenSqlite => {
  const database = openFile(databaseFile(dataDir), { readOnly: true });
  database.exec('PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY');
  return { database, close: () => database.close() };
};

/** A reader that sees the moment in which it was opened until it is closed; writers do not wait for it. */
const openSnapshot = (dataDir: string): OpenSqlite => {
  const opened = openReader(dataDir);
  // A transaction sees a moment from its first read on.
  opened.database.exec('BEGIN; SELECT count(*) FROM counter');
  return opened;
};

const newer = (version: number): string =>
  `it was written by a newer version of Drover (schema ${version}, this one knows up to ${migrations.length}); use that version`;

/**
 * All that a controller which was stopped has left, to be read: no controller starts on it meanwhile, and nothing of it is changed.
 * @throws ApiError ServiceUnavailable with one clear line.
 */
export const openStopped = (dataDir: string): OpenSqlite => {
  if (!existsSync(databaseFile(dataDir)))
    throw refuse(dataDir, 'it holds no data of a controller; name another');
  const held = holdStill(dataDir, 'stop it first');
  try {
    const { database, close } = openSnapshot(dataDir);
    if (database.schema() > migrations.length) throw refuse(dataDir, newer(database.schema()));
    return {
      database,
      close: () => {
        close();
        held.close();
      },
    };
  } catch (error) {
    held.close();
    if (error instanceof ApiError) throw error;
    throw refuse(dataDir, `drover.db cannot be read (${String(error)}); restore it from a backup`, error);
  }
};

const openers = { write: openWriter, read: openReader, snapshot: openSnapshot };

/** Throws ApiError ServiceUnavailable with one clear line. */
export const openSqlite = (dataDir: string, mode: Mode, scrubbed: boolean): OpenDatabase => {
  const opened = openers[mode](dataDir);
  if (scrubbed) scrub(opened.database);
  return opened;
};
