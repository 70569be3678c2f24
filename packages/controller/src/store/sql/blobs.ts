// Owns the statements of the content index and of uploads under way.
import { ApiError } from '@drover/api/errors';
import type { BlobRow } from '../store.ts';
import { dropBodyOf, dropSome, placeBody } from './bodies.ts';
import type { Context } from './context.ts';
import type { Row } from './database.ts';

const hashBytes = 32;
const deleteUpload = 'DELETE FROM upload WHERE id = ?';

const toChunks = (bytes: Uint8Array): readonly string[] => {
  const hashes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: hashes.length / hashBytes }, (_, i) =>
    hashes.toString('hex', i * hashBytes, (i + 1) * hashBytes),
  );
};

const get = async ({ database }: Context, sha256: string): Promise<BlobRow | undefined> => {
  const row = await database.row(
    'SELECT size_bytes, chunk_size_bytes, chunks, created_at_ms FROM blob WHERE sha256 = ?',
    sha256,
  );
  if (row === undefined) return undefined;
  return {
    sha256,
    sizeBytes: Number(row['size_bytes']),
    chunkSizeBytes: Number(row['chunk_size_bytes']),
    chunks: row['chunks'] instanceof Uint8Array ? toChunks(row['chunks']) : [],
    createdAtMs: Number(row['created_at_ms']),
  };
};

const list = async ({ database }: Context): Promise<readonly string[]> =>
  (await database.rows('SELECT sha256 FROM blob')).map((row) => String(row['sha256']));

/** Indexes the blob and forgets its upload. @throws ApiError NotFound when the upload has been forgotten meanwhile. */
const finish = async (
  context: Context,
  done: { readonly uploadId: string; readonly blob: BlobRow },
): Promise<void> => {
  const { blob, uploadId } = done;
  const known = await get(context, blob.sha256);
  if ((await context.database.run(deleteUpload, uploadId)) === 0) {
    if (known !== undefined) return;
    throw new ApiError('NotFound', `cannot finish upload "${uploadId}": it has given way; begin a new one`);
  }
  if (context.database.isShared) await placeBody(context, uploadId, blob);
  context.send(
    `INSERT INTO blob (sha256, size_bytes, chunk_size_bytes, chunks, created_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (sha256) DO NOTHING`,
    blob.sha256,
    blob.sizeBytes,
    blob.chunkSizeBytes,
    Buffer.from(blob.chunks.join(''), 'hex'),
    blob.createdAtMs,
  );
};

/** Whether it was there and is gone; it stays when it was used since. */
const remove = async (
  context: Context,
  { sha256, beforeMs }: { readonly sha256: string; readonly beforeMs: number },
): Promise<boolean> => {
  const removal = 'DELETE FROM blob WHERE sha256 = ? AND created_at_ms < ?';
  const isRemoved = (await context.database.run(removal, sha256, beforeMs)) > 0;
  if (isRemoved && context.database.isShared) await dropBodyOf(context, sha256);
  return isRemoved;
};

/** Renews its time; undefined when it is not there. */
const use = async (
  context: Context,
  wish: { readonly sha256: string; readonly nowMs: number },
): Promise<BlobRow | undefined> => {
  const { sha256, nowMs } = wish;
  context.send('UPDATE blob SET created_at_ms = ?1 WHERE sha256 = ?2 AND created_at_ms < ?1', nowMs, sha256);
  return get(context, sha256);
};

const unusedSince = async ({ database }: Context, beforeMs: number): Promise<readonly string[]> => {
  const unused = 'SELECT sha256 FROM blob WHERE created_at_ms < ? ORDER BY created_at_ms, sha256';
  return (await database.rows(unused, beforeMs)).map((row) => String(row['sha256']));
};

export interface UploadRow {
  readonly id: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

const begin = (context: Context, { id, sizeBytes, createdAtMs }: UploadRow): void =>
  context.send(
    'INSERT INTO upload (id, size_bytes, created_at_ms) VALUES (?, ?, ?)',
    id,
    sizeBytes,
    createdAtMs,
  );

/** One that was finished meanwhile is content, and stays. */
const forget = async (context: Context, id: string): Promise<void> => {
  const count = await context.database.run(deleteUpload, id);
  if (count > 0 && context.database.isShared) dropSome(context, id);
};

const uploadColumns = 'id, size_bytes, created_at_ms';

const toUpload = (row: Row): UploadRow => ({
  id: String(row['id']),
  sizeBytes: Number(row['size_bytes']),
  createdAtMs: Number(row['created_at_ms']),
});

/** Where bytes are rows, with how many there are; files are looked at by those who have them. */
export interface KnownUpload extends UploadRow {
  readonly haveBytes: number;
}

const sizeOfBody = `coalesce((SELECT at + octet_length(data) FROM piece WHERE body = upload.id ORDER BY at DESC LIMIT 1), 0)`;

const uploads = async ({ database }: Context): Promise<readonly KnownUpload[]> => {
  const haveBytes = database.isShared ? sizeOfBody : '0';
  const rows = await database.rows(`SELECT ${uploadColumns}, ${haveBytes} AS have_bytes FROM upload`);
  return rows.map((row) => ({ ...toUpload(row), haveBytes: Number(row['have_bytes']) }));
};

const upload = async ({ database }: Context, id: string): Promise<UploadRow | undefined> => {
  const row = await database.row(`SELECT ${uploadColumns} FROM upload WHERE id = ?`, id);
  return row && toUpload(row);
};

export const blobWrites = {
  'blobs.finish': finish,
  'blobs.remove': remove,
  'blobs.use': use,
  'blobs.begin': begin,
  'blobs.forget': forget,
};
export const blobReads = {
  'blobs.get': get,
  'blobs.list': list,
  'blobs.unusedSince': unusedSince,
  'blobs.uploads': uploads,
  'blobs.upload': upload,
};
