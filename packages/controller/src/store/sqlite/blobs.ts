// Owns the statements of the content index and of uploads under way.
import type { BlobRow } from '../store.ts';
import type { Context } from './context.ts';

const hashBytes = 32;

const toChunks = (bytes: Uint8Array): readonly string[] => {
  const hashes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: hashes.length / hashBytes }, (_, i) =>
    hashes.toString('hex', i * hashBytes, (i + 1) * hashBytes),
  );
};

const get = (context: Context, sha256: string): BlobRow | undefined => {
  const row = context.prepare('SELECT * FROM blob WHERE sha256 = ?').get(sha256);
  if (row === undefined) return undefined;
  return {
    sha256,
    sizeBytes: Number(row['size_bytes']),
    chunkSizeBytes: Number(row['chunk_size_bytes']),
    chunks: row['chunks'] instanceof Uint8Array ? toChunks(row['chunks']) : [],
    createdAtMs: Number(row['created_at_ms']),
  };
};

const list = (context: Context): readonly string[] =>
  context
    .prepare('SELECT sha256 FROM blob')
    .all()
    .map((row) => String(row['sha256']));

/** Indexes the blob and forgets its upload. */
const finish = (context: Context, done: { readonly uploadId: string; readonly blob: BlobRow }): void => {
  const { blob } = done;
  context
    .prepare(
      `INSERT INTO blob (sha256, size_bytes, chunk_size_bytes, chunks, created_at_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (sha256) DO NOTHING`,
    )
    .run(
      blob.sha256,
      blob.sizeBytes,
      blob.chunkSizeBytes,
      Buffer.from(blob.chunks.join(''), 'hex'),
      blob.createdAtMs,
    );
  forget(context, done.uploadId);
};

/** Whether it was there and is gone; it stays when it was used since. */
const remove = (context: Context, wish: { readonly sha256: string; readonly beforeMs: number }): boolean => {
  const { sha256, beforeMs } = wish;
  return (
    context.prepare('DELETE FROM blob WHERE sha256 = ? AND created_at_ms < ?').run(sha256, beforeMs).changes >
    0
  );
};

/** Renews its time; undefined when it is not there. */
const use = (
  context: Context,
  wish: { readonly sha256: string; readonly nowMs: number },
): BlobRow | undefined => {
  const { sha256, nowMs } = wish;
  context
    .prepare('UPDATE blob SET created_at_ms = ?1 WHERE sha256 = ?2 AND created_at_ms < ?1')
    .run(nowMs, sha256);
  return get(context, sha256);
};

const unusedSince = (context: Context, beforeMs: number): readonly string[] =>
  context
    .prepare('SELECT sha256 FROM blob WHERE created_at_ms < ? ORDER BY created_at_ms, sha256')
    .all(beforeMs)
    .map((row) => String(row['sha256']));

export interface UploadRow {
  readonly id: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

const begin = (context: Context, row: UploadRow): void => {
  context
    .prepare('INSERT INTO upload (id, size_bytes, created_at_ms) VALUES (?, ?, ?)')
    .run(row.id, row.sizeBytes, row.createdAtMs);
};

const forget = (context: Context, id: string): void => {
  context.prepare('DELETE FROM upload WHERE id = ?').run(id);
};

const uploads = (context: Context): readonly UploadRow[] =>
  context
    .prepare('SELECT * FROM upload')
    .all()
    .map((row) => ({
      id: String(row['id']),
      sizeBytes: Number(row['size_bytes']),
      createdAtMs: Number(row['created_at_ms']),
    }));

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
};
