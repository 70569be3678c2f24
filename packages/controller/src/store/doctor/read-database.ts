// Owns what is read of a database that may be anything: by a doctor, who changes nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrations } from '../migrations/index.ts';
import { applicationId } from '../sqlite/files.ts';
import type { DatabaseFact } from './facts.ts';

const pragma = (database: DatabaseSync, name: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

const quickCheck = (database: DatabaseSync): readonly string[] =>
  database
    .prepare('PRAGMA quick_check(5)')
    .all()
    .map((row) => String(row['quick_check']))
    .filter((line) => line !== 'ok');

/** Of the certificate that the controller made itself last; undefined: none is known. */
const endOfServer = (database: DatabaseSync): number | undefined => {
  const row = database
    .prepare(
      "SELECT max(not_after_ms) AS end FROM certificate WHERE subject = 'server' AND revoked_at_ms = 0",
    )
    .get();
  return typeof row?.['end'] === 'number' ? row['end'] : undefined;
};

export interface ReadDatabase {
  readonly fact: DatabaseFact;
  readonly serverNotAfterMs?: number | undefined;
}

/** What only a controller has there that shares a database. */
const isElsewhere = (dataDir: string): boolean => existsSync(join(dataDir, 'content-cache'));

/** `isHeld`: a controller works on it, which a check of every page would slow down. */
export const readDatabase = (dataDir: string, isHeld: boolean): ReadDatabase => {
  const file = join(dataDir, 'drover.db');
  if (!existsSync(file)) return { fact: { kind: isElsewhere(dataDir) ? 'elsewhere' : 'missing' } };
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
    if (pragma(database, 'application_id') !== applicationId) return { fact: { kind: 'foreign' } };
    const [schema, known] = [pragma(database, 'user_version'), migrations.length];
    if (schema > known) return { fact: { kind: 'read', schema, known, problems: undefined } };
    const problems = isHeld ? undefined : quickCheck(database);
    return { fact: { kind: 'read', schema, known, problems }, serverNotAfterMs: endOfServer(database) };
  } catch (error) {
    return { fact: { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) } };
  } finally {
    database?.close();
  }
};

/** Whether a process has the lock of the data directory (sqlite/files.ts I1). */
export const isLocked = (dataDir: string): boolean => {
  const file = join(dataDir, 'lock.db');
  if (!existsSync(file)) return false;
  let asked: DatabaseSync | undefined;
  try {
    asked = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    asked.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    return error instanceof Error && error.message.includes('locked');
  } finally {
    asked?.close();
  }
};
