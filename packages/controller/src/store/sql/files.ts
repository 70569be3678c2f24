// Owns the rows of a shared database that are files in a data directory (keys, recordings, content), read and put as such files
// by what copies a whole installation (backup/files.ts). Their tables: postgres/schema.ts.
import { createSweeper } from '../../platform/spare-memory.ts';
import type { Database } from './database.ts';

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

/** The driver takes text only, and texts above 128 KiB lie where V8 collects late: with 256 KiB a backup takes 50 MiB more. */
const windowBytes = 64 * 1024;

/** A piece is stored as it is: the database reads no more of it than is asked for. In base64, as in postgres/pieces.ts. */
const window = `SELECT encode(substring(data FROM (?2 - at + 1)::int FOR ${windowBytes}), 'base64') AS text FROM piece
  WHERE body = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1`;

/** The server's answer, its text and what is made of it are garbage of several times the size. */
const sweep = createSweeper('all');
const garbageShare = 4;

/** The next bytes, as many as are at hand; none: there are no more. In memory of its own, so that it can be moved. */
export const fileBytes = async (database: Database, { path, at }: FileWish): Promise<ArrayBuffer> => {
  const where = await find(database, path);
  if (where === undefined) return new ArrayBuffer(0);
  if ('text' in where) return at > 0 ? new ArrayBuffer(0) : new TextEncoder().encode(where.text).buffer;
  const row = await database.row(window, where.body, at);
  const bytes = new Uint8Array(Buffer.from(String(row?.['text'] ?? ''), 'base64'));
  sweep(bytes.length * garbageShare);
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
