// Owns the rows of a shared database that are files in a data directory (keys, recordings, content), read and put as such files
// by what copies a whole installation (backup/files.ts). Their tables: postgres/schema.ts.
import { createSweeper } from '../../platform/spare-memory.ts';
import type { Database, Value } from './database.ts';

/** The bytes of a file: a text, or a body of pieces. */
type Where = { readonly text: string } | { readonly body: string } | undefined;

export const filesIn = async (
  database: Database,
  folder: 'keys' | 'recordings',
): Promise<readonly string[]> => {
  const list =
    folder === 'keys'
      ? "SELECT path FROM kept_file WHERE path LIKE 'keys/%.pem' ORDER BY path"
      : "SELECT 'recordings/' || id || '.cast' AS path FROM recording ORDER BY id";
  return (await database.rows(list)).map((row) => String(row['path']));
};

/** 'recordings/<id>.cast' → id; 'blobs/aa/<sha256>' → sha256. */
const idOf = (path: string): string => path.replace(/^.*\//, '').replace(/\.cast$/, '');

const find = async (database: Database, path: string): Promise<Where> => {
  if (path.startsWith('recordings/')) return { body: idOf(path) };
  const isKey = path.startsWith('keys/');
  const sql = isKey
    ? 'SELECT text AS found FROM kept_file WHERE path = ?'
    : 'SELECT body AS found FROM blob_body WHERE sha256 = ?';
  const found = (await database.row(sql, isKey ? path : idOf(path)))?.['found'];
  if (typeof found !== 'string') return undefined;
  return isKey ? { text: found } : { body: found };
};

/** Undefined when there is no such file. */
export const fileSize = async (database: Database, path: string): Promise<number | undefined> => {
  const where = await find(database, path);
  if (where === undefined) return undefined;
  if ('text' in where) return Buffer.byteLength(where.text);
  const end = await database.row(
    'SELECT at + octet_length(data) AS n FROM piece WHERE body = ? ORDER BY at DESC LIMIT 1',
    where.body,
  );
  return Number(end?.['n'] ?? 0);
};

export interface FileWish {
  readonly path: string;
  /** Where what was given last has ended. */
  readonly at: number;
}

const toBytes = (value: Value | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array();

/** The server's answer and its text are garbage of several times the size. */
const sweep = createSweeper();
const garbageShare = 4;

/** No piece is larger. */
const windowBytes = 512 * 1024;

/** At most a MiB; none: there are no more. In memory of its own, so that it can be moved. */
export const fileBytes = async (database: Database, { path, at }: FileWish): Promise<ArrayBuffer> => {
  const where = await find(database, path);
  if (where === undefined) return new ArrayBuffer(0);
  if ('text' in where) return at > 0 ? new ArrayBuffer(0) : new TextEncoder().encode(where.text).buffer;
  const rows = await database.rows(
    'SELECT data FROM piece WHERE body = ? AND at >= ? AND at < ? ORDER BY at',
    where.body,
    at,
    at + windowBytes,
  );
  const parts = rows.map((row) => toBytes(row['data']));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  sweep(bytes.length * garbageShare);
  let done = 0;
  for (const part of parts) {
    bytes.set(part, done);
    done += part.length;
  }
  return bytes.buffer;
};

export const putPiece = async (
  database: Database,
  body: string,
  at: number,
  data: Uint8Array,
): Promise<void> => {
  await database.run('INSERT INTO piece (body, at, data) VALUES (?, ?, ?)', body, at, data);
};

export const putKey = async (database: Database, path: string, text: string): Promise<void> => {
  await database.run('INSERT INTO kept_file (path, text) VALUES (?, ?)', path, text);
};

/** Says which file the pieces of a body are: of a recording, one that has ended. */
export const nameBody = async (database: Database, path: string, body: string): Promise<void> => {
  const now = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
  if (path.startsWith('recordings/'))
    await database.run(`INSERT INTO recording (id, alive_at_ms, ended) VALUES (?, ${now}, true)`, body);
  else await database.run('INSERT INTO blob_body (sha256, body) VALUES (?, ?)', idOf(path), body);
};

/** A recording is a body of its own name; content is one of any. */
export const bodyNameOf = (path: string, fresh: () => string): string =>
  path.startsWith('recordings/') ? idOf(path) : fresh();
