// Owns what is in a backup, in order: the rows of every table, then the files (keys, recordings of shells, blobs).
// I1: the rows are those of one moment. Blobs never change; keys that were renewed since that moment are good as well.
// I2: sealed values stay sealed, under data keys that go along in a record of their own, after all that they seal.
import type { Keyring } from '../sealing/keyring.ts';
import type { Database } from '../sql/database.ts';
import { blobsOf, type Page, readPage, type SnapshotTable, snapshotTables } from '../sql/snapshot.ts';
import { blobPath, type FileSource } from './files.ts';
import type { BackupRecord, KeyringRecord } from './records.ts';

/** A store, seen at one moment. */
export interface Snapshot {
  columns(table: SnapshotTable): Promise<readonly string[]>;
  page(wish: { readonly table: SnapshotTable; readonly after: Page['last'] }): Promise<Page>;
  /** Sorted. */
  blobs(): Promise<readonly string[]>;
}

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

async function* fileRecords(files: FileSource, path: string): AsyncGenerator<BackupRecord> {
  const { sizeBytes, data } = await files.open(path);
  yield { kind: 'head', head: { record: 'file', path, sizeBytes } };
  for await (const piece of data) yield { kind: 'bytes', data: piece };
}

/** Everything but the keyring and the end. */
export async function* contentRecords(files: FileSource, snapshot: Snapshot): AsyncGenerator<BackupRecord> {
  for (const table of snapshotTables) yield* tableRecords(snapshot, table);
  for (const path of await files.list('keys')) yield* fileRecords(files, path);
  for (const path of await files.list('recordings')) yield* fileRecords(files, path);
  for (const sha256 of await snapshot.blobs()) yield* fileRecords(files, blobPath(sha256));
}

/** Of rows that this process reads itself. */
export const toSnapshot = (database: Database): Snapshot => ({
  columns: async (table) => database.columns(table),
  page: (wish) => readPage(database, wish),
  blobs: () => blobsOf(database),
});

export const toKeyringRecord = (keyring: Pick<Keyring, 'id' | 'secrets'>): KeyringRecord => ({
  record: 'keyring',
  id: keyring.id,
  keys: keyring.secrets().map(({ number, createdAt, key }) => ({
    number,
    createdAt,
    key: key.export().toString('base64'),
  })),
});
