// Owns the statements that say which pieces (postgres/pieces.ts) are the bytes of which content. Where nobody else writes there are
// no such tables: bytes are files there.
import { ApiError } from '@drover/api/errors';
import type { BlobRow } from '../store.ts';
import type { Context } from './context.ts';

/** How many bytes of a body are there in one row, without a gap. */
const wholeBytes = async ({ database }: Context, body: string): Promise<number> => {
  const row = await database.row(
    `SELECT coalesce(sum(size), 0) AS n, count(CASE WHEN at <> due THEN 1 END) AS gaps FROM
       (SELECT at, octet_length(data) AS size, lag(at + octet_length(data), 1, 0) OVER (ORDER BY at) AS due
        FROM piece WHERE body = ?) AS pieces`,
    body,
  );
  return row?.['gaps'] === 0 ? Number(row['n']) : -1;
};

const dropBody = (context: Context, body: string): void =>
  context.send('INSERT INTO dropped_body (body) VALUES (?) ON CONFLICT (body) DO NOTHING', body);

/** The same, where there may be no bytes: most uploads that are given up have none. Whoever put some down has ended (pieces.ts, `Owner`). */
export const dropSome = (context: Context, body: string): void =>
  context.send(
    `INSERT INTO dropped_body (body) SELECT ?1 WHERE EXISTS (SELECT 1 FROM piece WHERE body = ?1)
     ON CONFLICT (body) DO NOTHING`,
    body,
  );

/** The upload's bytes are the content's from now on; when there are some already, they are dropped. */
export const placeBody = async (context: Context, upload: string, blob: BlobRow): Promise<void> => {
  const have = await wholeBytes(context, upload);
  if (have !== blob.sizeBytes) {
    const why = 'the database has lost the end of it; ask how far it is and go on from there';
    throw new ApiError('Conflict', `cannot finish upload "${upload}": ${why}`);
  }
  const insert = 'INSERT INTO blob_body (sha256, body) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING';
  const count = await context.database.run(insert, blob.sha256, upload);
  if (count === 0) dropBody(context, upload);
};

export const dropBodyOf = async (context: Context, sha256: string): Promise<void> => {
  const row = await context.database.row('SELECT body FROM blob_body WHERE sha256 = ?', sha256);
  if (row === undefined) return;
  context.send('DELETE FROM blob_body WHERE sha256 = ?', sha256);
  dropBody(context, String(row['body']));
};

/** What no content is made of any more. */
const dropped = async ({ database }: Context): Promise<readonly string[]> => {
  const rows = await database.rows(
    'SELECT body FROM dropped_body WHERE NOT EXISTS (SELECT 1 FROM blob_body WHERE blob_body.body = dropped_body.body)',
  );
  return rows.map((row) => String(row['body']));
};

const bodyOf = async ({ database }: Context, sha256: string): Promise<string | undefined> => {
  const row = await database.row('SELECT body FROM blob_body WHERE sha256 = ?', sha256);
  return row === undefined ? undefined : String(row['body']);
};

const sizeBytes = async ({ database }: Context): Promise<number> => {
  const row = await database.row('SELECT coalesce(sum(size_bytes), 0) AS n FROM blob');
  return Number(row?.['n'] ?? 0);
};

const removed = (context: Context, body: string): void =>
  context.send('DELETE FROM dropped_body WHERE body = ?', body);

export const bodyWrites = { 'bodies.removed': removed };
export const bodyReads = { 'bodies.dropped': dropped, 'bodies.of': bodyOf, 'bodies.sizeBytes': sizeBytes };
