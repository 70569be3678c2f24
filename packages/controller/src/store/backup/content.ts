// Owns what is in a backup, in order: the rows of every table, then the files (keys, recordings of shells, blobs).
// I1: the rows are those of one moment. Blobs never change; keys that were renewed since that moment are good as well.
// I2: sealed values stay sealed, under data keys that go along in a record of their own, after all that they seal.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { isMissing } from '../sealing/key-source.ts';
import { type Page, type SnapshotTable, snapshotTables } from '../sql/snapshot.ts';
import type { BackupRecord } from './records.ts';

/** A store, seen at one moment. */
export interface Snapshot {
  columns(table: SnapshotTable): Promise<readonly string[]>;
  page(wish: { readonly table: SnapshotTable; readonly after: Page['last'] }): Promise<Page>;
  /** Sorted. */
  blobs(): Promise<readonly string[]>;
}

const pieceBytes = 256 * 1024;

async function* tableRecords(snapshot: Snapshot, table: SnapshotTable): AsyncGenerator<BackupRecord> {
  const columns = await snapshot.columns(table);
  yield { kind: 'head', head: { record: 'table', name: table, columns } };
  let after: Page['last'];
  do {
    const { lines, last } = await snapshot.page({ table, after });
    if (lines.byteLength > 0) yield { kind: 'rows', lines: Buffer.from(lines) };
    after = last;
  } while (after !== undefined);
}

/** Up to the size that it has now: a recording may go on. */
async function* fileRecords(dataDir: string, path: string): AsyncGenerator<BackupRecord> {
  const from = join(dataDir, path);
  const { size: sizeBytes } = await stat(from).catch((error: unknown) => {
    const why = isMissing(error) ? 'it is not there' : String(error);
    throw new ApiError('InternalError', `cannot back up ${from}: ${why}; restore it, then try again`);
  });
  yield { kind: 'head', head: { record: 'file', path, sizeBytes } };
  if (sizeBytes === 0) return;
  for await (const data of createReadStream(from, { end: sizeBytes - 1, highWaterMark: pieceBytes }))
    yield { kind: 'bytes', data };
}

const listed = async (dataDir: string, folder: string, suffix: string): Promise<readonly string[]> => {
  const names = await readdir(join(dataDir, folder)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => `${folder}/${name}`);
};

export const blobPath = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`;

/** Paths that a backup may hold; others are refused when it is restored. */
export const isContentPath = (path: string): boolean =>
  /^(?:keys\/[a-z0-9-]+\.pem|recordings\/[0-9a-z]{26}\.cast|blobs\/([0-9a-f]{2})\/\1[0-9a-f]{62})$/.test(
    path,
  );

/** Everything but the keyring and the end. */
export async function* contentRecords(dataDir: string, snapshot: Snapshot): AsyncGenerator<BackupRecord> {
  for (const table of snapshotTables) yield* tableRecords(snapshot, table);
  for (const path of await listed(dataDir, 'keys', '.pem')) yield* fileRecords(dataDir, path);
  for (const path of await listed(dataDir, 'recordings', '.cast')) yield* fileRecords(dataDir, path);
  for (const sha256 of await snapshot.blobs()) yield* fileRecords(dataDir, blobPath(sha256));
}
