// Owns the way back: a new data directory from a backup, while no controller runs on it (adr/0015).
// I1: nothing is overwritten: the directory must be missing or empty.
// I2: everything is put together in `<directory>.restoring` and gets its name only when all of it has been read back and
//     has the digest that the backup states. What a killed restore leaves, the next one takes away.
// I3: the one who restores holds the lock of what is being put together (sqlite/database.ts I1).
import { createHash, createSecretKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { ApiError } from '@drover/api';
import { createSweeper } from '../../platform/spare-memory.ts';
import { filesOfDirectory } from '../kept/directory.ts';
import { migrations } from '../migrations/index.ts';
import { isMissing, type KeySource } from '../sealing/key-source.ts';
import { restoreKeyring } from '../sealing/keyring.ts';
import type { Database } from '../sql/database.ts';
import { blobsOf, createLoader, readPage } from '../sql/snapshot.ts';
import { checkNotHeld, openWriter } from '../sqlite/files.ts';
import { type BackupHeader, type BackupKey, openBackup, refuseBackup } from './container.ts';
import { contentRecords, isContentPath, type Snapshot } from './content.ts';
import {
  type BackupRecord,
  type Digest,
  Digester,
  type Head,
  type KeyringRecord,
  readRecords,
} from './records.ts';

export interface ReadBackup {
  readonly header: BackupHeader;
  readonly digest: Digest;
}

/** What takes the records of a backup; `take` comes with each, in order. */
interface Taker {
  begin(header: BackupHeader): void;
  take(record: BackupRecord): void | Promise<void>;
}

const damaged = 'take another copy of it, or an earlier backup';

const checkSchema = ({ schema, drover }: BackupHeader): void => {
  if (schema <= migrations.length) return;
  throw refuseBackup(
    `its rows are of schema ${schema}, written by Drover ${drover}, and this Drover knows up to ${migrations.length}; use that version or a newer one`,
  );
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The reader's own refusal passes through zlib as it is; what zlib says itself is put into words. */
const decompressed = (data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  const source = Readable.from(data, { objectMode: false });
  const unpacked = createZstdDecompress();
  source.on('error', (error) => unpacked.destroy(error));
  return source.pipe(unpacked);
};

const sizeOf = (record: BackupRecord): number => {
  if (record.kind === 'head') return 0;
  return record.kind === 'rows' ? record.lines.length : record.data.length;
};

/** Reads all of it, and checks all of it. Throws ApiError Invalid saying what is wrong. */
export const readBackup = async (file: string, key: BackupKey, taker?: Taker): Promise<ReadBackup> => {
  const bytes = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    const { header, data } = await openBackup(bytes, key);
    checkSchema(header);
    taker?.begin(header);
    const digester = new Digester();
    const sweep = createSweeper();
    let stated: Digest | undefined;
    for await (const record of readRecords(decompressed(data))) {
      digester.add(record);
      if (record.kind === 'head' && record.head.record === 'end') stated = record.head.digest;
      await taker?.take(record);
      sweep(sizeOf(record));
    }
    const digest = digester.result();
    if (stated?.sha256 === digest.sha256) return { header, digest };
    throw refuseBackup(`what it holds has not the digest that it states; ${damaged}`);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (isMissing(error)) throw refuseBackup(`${file} is not there; name another file`, error);
    throw refuseBackup(`${file} cannot be read (${reasonOf(error)}); ${damaged}`, error);
  } finally {
    bytes.destroy();
  }
};

/** Files that a backup brings, one at a time; blobs must be what their names say. */
class FileTaker {
  readonly #root: string;
  #file:
    | { readonly path: string; readonly handle: FileHandle; readonly hash: ReturnType<typeof createHash> }
    | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async begin(path: string): Promise<void> {
    if (!isContentPath(path))
      throw refuseBackup(`it holds a file "${path}", which has no place here; ${damaged}`);
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    this.#file = { path, handle: await open(target, 'wx', 0o600), hash: createHash('sha256') };
  }

  async add(data: Buffer): Promise<void> {
    this.#file?.hash.update(data);
    await this.#file?.handle.writeFile(data);
  }

  async end(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    await file.handle.sync().finally(() => file.handle.close());
    const sha256 = file.hash.digest('hex');
    if (file.path.startsWith('blobs/') && !file.path.endsWith(sha256))
      throw refuseBackup(`its blob ${file.path.slice(9)} holds other bytes; ${damaged}`);
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }
}

/** Puts together what a backup brings. */
class Building implements Taker {
  readonly #root: string;
  readonly #files: FileTaker;
  #opened: ReturnType<typeof openWriter> | undefined;
  #load: ((lines: Buffer) => Promise<void>) | undefined;
  keyring: KeyringRecord | undefined;

  constructor(root: string) {
    this.#root = root;
    this.#files = new FileTaker(root);
  }

  get database(): Database {
    if (this.#opened === undefined) throw new Error('cannot use the database: the header has not been read');
    return this.#opened.database;
  }

  /** I3; with the schema of then: the next start brings it to that of now. */
  begin({ schema }: BackupHeader): void {
    this.#opened = openWriter(this.#root, schema);
  }

  async take(record: BackupRecord): Promise<void> {
    if (record.kind === 'head') await this.#begin(record.head);
    else if (record.kind === 'rows') await this.#load?.(record.lines);
    else await this.#files.add(record.data);
  }

  async #begin(head: Head): Promise<void> {
    await this.#files.end();
    this.#load = undefined;
    if (head.record === 'table') this.#load = await createLoader(this.database, head.name, head.columns);
    else if (head.record === 'file') await this.#files.begin(head.path);
    else if (head.record === 'keyring') this.keyring = head;
  }

  async close(): Promise<void> {
    await this.#files.close();
    this.#opened?.close();
    this.#opened = undefined;
  }
}

const toSnapshot = (database: Database): Snapshot => ({
  columns: async (table) => database.columns(table),
  page: (wish) => readPage(database, wish),
  blobs: () => blobsOf(database),
});

/** Of what was put together, read back from the disk. */
const digestOf = async (root: string, database: Database): Promise<Digest> => {
  const digester = new Digester();
  const sweep = createSweeper();
  for await (const record of contentRecords(root, toSnapshot(database))) {
    digester.add(record);
    sweep(sizeOf(record));
  }
  return digester.result();
};

const refuse = (dataDir: string, why: string): ApiError =>
  new ApiError('AlreadyExists', `cannot restore to ${dataDir}: ${why}`);

/** I1. */
const checkFree = async (dataDir: string): Promise<void> => {
  const names = await readdir(dataDir).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw refuse(dataDir, `it cannot be read (${reasonOf(error)}); choose another --data-dir`);
  });
  if (names.length === 0) return;
  if (names.includes('drover.db')) {
    checkNotHeld(dataDir);
    throw refuse(
      dataDir,
      'it holds the data of a controller, and nothing is overwritten; choose another --data-dir, or move it away first',
    );
  }
  throw refuse(dataDir, 'it is not empty; choose another --data-dir');
};

/** I2: a leftover is taken away, unless somebody is at it (I3). */
const makeRoot = async (dataDir: string): Promise<string> => {
  const root = `${dataDir}.restoring`;
  checkNotHeld(root);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  await chmod(root, 0o700);
  return root;
};

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const syncTree = async (root: string): Promise<void> => {
  for (const entry of await readdir(root, { withFileTypes: true }))
    if (entry.isDirectory()) await syncTree(join(root, entry.name));
  await syncDirectory(root);
};

const build = async (root: string, wish: RestoreWish): Promise<ReadBackup> => {
  const building = new Building(root);
  try {
    const read = await readBackup(wish.file, wish.key, building);
    const { keyring } = building;
    if (keyring === undefined) throw refuseBackup(`it holds no keys; ${damaged}`);
    const found = await digestOf(root, building.database);
    if (found.sha256 !== read.digest.sha256)
      throw new ApiError(
        'InternalError',
        `cannot restore: what was written to ${root} reads otherwise; check that disk`,
      );
    const keys = keyring.keys.map(({ number, createdAt, key }) => ({
      number,
      createdAt,
      key: createSecretKey(Buffer.from(key, 'base64')),
    }));
    await restoreKeyring(
      { id: keyring.id, keys },
      { dataDir: wish.dataDir, source: wish.secrets, files: filesOfDirectory(root) },
    );
    return read;
  } finally {
    await building.close();
  }
};

export interface RestoreWish {
  readonly file: string;
  readonly key: BackupKey;
  /** Absolute. */
  readonly dataDir: string;
  /** Under what the secrets are kept from now on; undefined: the key file beside the data directory. */
  readonly secrets: KeySource | undefined;
}

/** Throws ApiError saying what stands in the way; the data directory is then as it was. */
export const restoreBackup = async (wish: RestoreWish): Promise<ReadBackup> => {
  await checkFree(wish.dataDir);
  const root = await makeRoot(wish.dataDir);
  try {
    const read = await build(root, wish);
    for (const name of ['lock.db', 'pid']) await rm(join(root, name), { force: true });
    await syncTree(root);
    // Of an empty directory it takes the place; of any other, which may have come meanwhile, it does not.
    await rename(root, wish.dataDir);
    await syncDirectory(dirname(wish.dataDir));
    return read;
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
};
