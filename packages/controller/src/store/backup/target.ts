// Owns a place in which what a backup or another store holds is put together, while no controller runs on it (adr/0015).
// I1: nothing is overwritten: a data directory must be missing or empty, a database without a row (postgres/filling.ts I1).
// I2: nothing of it can be used until all of it has been read back and found right: a data directory is put together in
//     `<directory>.restoring` and gets its name last, a database has a mark until then. What a killed process leaves, the next
//     one takes away.
// I3: whoever puts together has the place alone: by the lock of the directory (sqlite/files.ts I1), or of the database.
import { createSecretKey } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApiError } from '@drover/api';
import { createSweeper } from '../../platform/spare-memory.ts';
import { withoutPassword } from '../postgres/address.ts';
import { openFilling } from '../postgres/filling.ts';
import { isMissing, type KeySource } from '../sealing/key-source.ts';
import { restoreKeyring } from '../sealing/keyring.ts';
import type { Database } from '../sql/database.ts';
import { createLoader } from '../sql/snapshot.ts';
import { checkNotHeld, openWriter } from '../sqlite/files.ts';
import { contentRecords, toSnapshot } from './content.ts';
import { FileCheck, type FileTarget, FileWriter, filesOf, stayingFiles } from './files.ts';
import {
  type BackupRecord,
  type Digest,
  Digester,
  type Head,
  type KeyringRecord,
  sizeOf,
} from './records.ts';

export interface TargetPlace {
  /** Absolute: rows, keys and content; with `url`, keys and content. */
  readonly dataDir: string;
  /** Address of the database for the rows. */
  readonly url?: string | undefined;
  /** Keys and content are there already, and stay. */
  readonly keepsFiles?: boolean;
  /** Under what the secrets are kept from now on; undefined: the key file beside the data directory. */
  readonly secrets?: KeySource | undefined;
}

/** For people. */
export const nameOf = ({ dataDir, url }: Pick<TargetPlace, 'dataDir' | 'url'>): string =>
  url === undefined ? dataDir : withoutPassword(url);

/** The rows of a target. */
interface Rows {
  readonly database: Database;
  /** See Filling; undefined: the directory says it all. */
  readonly left?: string | undefined;
  readonly mark?: string;
  begin(schema: number): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
  close(): Promise<void>;
}

/** Names the mark of the database that a directory was put together for. */
const markFile = 'filling';

const refuse = (dataDir: string, why: string): ApiError =>
  new ApiError('AlreadyExists', `cannot restore to ${dataDir}: ${why}`);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const namesIn = async (dataDir: string): Promise<readonly string[]> => {
  try {
    return await readdir(dataDir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw refuse(dataDir, `it cannot be read (${reasonOf(error)}); choose another --data-dir`);
  }
};

/** I1; `left`: what a process that was killed with its last step to go has left is taken away. */
const checkFree = async (dataDir: string, left: string | undefined): Promise<void> => {
  const names = await namesIn(dataDir);
  if (names.length === 0) return;
  if (names.includes('drover.db')) {
    checkNotHeld(dataDir);
    throw refuse(
      dataDir,
      'it holds the data of a controller, and nothing is overwritten; choose another --data-dir, or move it away first',
    );
  }
  const mark = names.includes(markFile) ? await readFile(join(dataDir, markFile), 'utf8') : undefined;
  if (mark === undefined || mark !== left)
    throw refuse(dataDir, 'it is not empty; choose another --data-dir');
  await rm(dataDir, { recursive: true });
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

/** I2: a leftover is taken away, unless somebody is at it (I3). */
const makeRoot = async (dataDir: string): Promise<string> => {
  const root = `${dataDir}.restoring`;
  checkNotHeld(root);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  await chmod(root, 0o700);
  return root;
};

/** Rows in files of the directory. */
const rowsIn = (root: string): Rows => {
  let opened: ReturnType<typeof openWriter> | undefined;
  const close = async (): Promise<void> => {
    opened?.close();
    opened = undefined;
  };
  return {
    get database() {
      if (opened === undefined) throw new Error('cannot use the database: it was not begun');
      return opened.database;
    },
    begin: async (schema) => {
      opened = openWriter(root, schema);
    },
    finish: close,
    abandon: close,
    close,
  };
};

export class Target {
  readonly #place: TargetPlace;
  readonly #rows: Rows;
  /** Where the files are put together; the data directory itself when they stay. */
  readonly #root: string;
  readonly #files: FileTarget;
  readonly #check = new FileCheck();
  #load: ((lines: Buffer) => Promise<void>) | undefined;
  #keyring: KeyringRecord | undefined;

  constructor(place: TargetPlace, rows: Rows, root: string) {
    this.#place = place;
    this.#rows = rows;
    this.#root = root;
    this.#files = place.keepsFiles === true ? stayingFiles : new FileWriter(root);
  }

  /** With the tables as they were after `schema` migrations: the next start brings them to those of now. */
  async begin(schema: number): Promise<void> {
    await this.#rows.begin(schema);
    const { mark } = this.#rows;
    if (mark !== undefined && this.#place.keepsFiles !== true)
      await writeFile(join(this.#root, markFile), mark, { mode: 0o600 });
  }

  async take(record: BackupRecord): Promise<void> {
    if (record.kind === 'head') await this.#begin(record.head);
    else if (record.kind === 'rows') await this.#load?.(record.lines);
    else {
      this.#check.add(record.data);
      await this.#files.add(record.data);
    }
  }

  async #begin(head: Head): Promise<void> {
    this.#check.end();
    await this.#files.end();
    this.#load = undefined;
    if (head.record === 'table')
      this.#load = await createLoader(this.#rows.database, head.name, head.columns);
    else if (head.record === 'keyring') this.#keyring = head;
    else if (head.record === 'file') {
      this.#check.begin(head.path);
      await this.#files.begin(head.path);
    }
  }

  /** Of what was put together, read back; `see` comes with each record. */
  async digest(see: (record: BackupRecord) => void = () => undefined): Promise<Digest> {
    const digester = new Digester();
    const sweep = createSweeper();
    const { database } = this.#rows;
    await database.beginRead();
    for await (const record of contentRecords(filesOf(this.#root), toSnapshot(database))) {
      digester.add(record);
      see(record);
      sweep(sizeOf(record));
    }
    await database.rollback();
    return digester.result();
  }

  /** It can be used from here on. */
  async finish(): Promise<void> {
    if (this.#keyring === undefined) throw new Error('cannot finish: there was no keyring');
    if (this.#place.keepsFiles === true) return this.#rows.finish();
    await this.#keep(this.#keyring);
    if (this.#rows.mark === undefined) await this.#rows.finish();
    await this.#name();
    if (this.#rows.mark === undefined) return;
    await this.#rows.finish();
    await rm(join(this.#place.dataDir, markFile));
  }

  #keep({ id, keys }: KeyringRecord): Promise<void> {
    const numbered = keys.map(({ number, createdAt, key }) => ({
      number,
      createdAt,
      key: createSecretKey(Buffer.from(key, 'base64')),
    }));
    const { dataDir, secrets: source } = this.#place;
    return restoreKeyring({ id, keys: numbered }, { dataDir, source, writeTo: this.#root });
  }

  async #name(): Promise<void> {
    for (const name of ['lock.db', 'pid']) await rm(join(this.#root, name), { force: true });
    await syncTree(this.#root);
    // Of an empty directory it takes the place; of any other, which may have come meanwhile, it does not.
    await rename(this.#root, this.#place.dataDir);
    await syncDirectory(dirname(this.#place.dataDir));
  }

  /** The place is as it was. */
  async abandon(): Promise<void> {
    await this.#files.close();
    await this.#rows.abandon();
    if (this.#place.keepsFiles !== true) await rm(this.#root, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#files.close();
    await this.#rows.close();
  }
}

/** @throws ApiError saying what stands in the way; the place is as it was. */
export const openTarget = async (place: TargetPlace): Promise<Target> => {
  const { dataDir, url, keepsFiles = false } = place;
  const filling = url === undefined ? undefined : await openFilling(url);
  try {
    if (!keepsFiles) await checkFree(dataDir, filling?.left);
    const root = keepsFiles ? dataDir : await makeRoot(dataDir);
    return new Target(place, filling ?? rowsIn(root), root);
  } catch (error) {
    await filling?.close();
    throw error;
  }
};
