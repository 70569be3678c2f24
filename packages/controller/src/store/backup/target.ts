// Owns a place in which what a backup or another store holds is put together, while no controller runs on it (adr/0015).
// I1: nothing is overwritten: a data directory must be missing or empty, a database without a row (postgres/filling.ts I1).
// I2: nothing of it can be used until all of it has been read back and found right: a data directory is put together in
//     `<directory>.restoring` and gets its name last, a database has a mark until then. What a killed process leaves, the next
//     one takes away.
// I3: whoever puts together has the place alone: by the lock of the directory (sqlite/files.ts I1), or of the database.
// I4: whoever is refused hears why, also when what was begun cannot be taken away either.
import { createSecretKey } from 'node:crypto';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApiError } from '@drover/api';
import { createSweeper } from '../../platform/spare-memory.ts';
import { filesOfDirectory } from '../kept/directory.ts';
import type { KeptFiles } from '../kept/kept-files.ts';
import { migrations } from '../migrations/index.ts';
import { withoutPassword } from '../postgres/address.ts';
import { openFilling } from '../postgres/filling.ts';
import { isMissing, type KeySource } from '../sealing/key-source.ts';
import { restoreKeyring } from '../sealing/keyring.ts';
import type { Database } from '../sql/database.ts';
import { putKey } from '../sql/files.ts';
import { createLoader } from '../sql/snapshot.ts';
import { checkNotHeld, openWriter } from '../sqlite/files.ts';
import { contentRecords, toSnapshot } from './content.ts';
import { FileCheck, type FileSource, type FileTarget, FileWriter, filesOf, filesOfRows } from './files.ts';
import {
  type BackupRecord,
  type Digest,
  Digester,
  type Head,
  type KeyringRecord,
  sizeOf,
} from './records.ts';
import { FileRowWriter, rowFilesOf } from './row-files.ts';

export interface TargetPlace {
  /** Absolute. With `url`, only the key of the secrets is beside it. */
  readonly dataDir: string;
  /** Address of the database, for everything else. */
  readonly url?: string | undefined;
  /** Under what the secrets are kept from now on; undefined: the key file beside the data directory. */
  readonly secrets?: KeySource | undefined;
}

/** For people. */
export const nameOf = ({ dataDir, url }: Pick<TargetPlace, 'dataDir' | 'url'>): string =>
  url === undefined ? dataDir : withoutPassword(url);

/** A place of either kind. */
interface Ground {
  readonly database: Database;
  readonly files: FileTarget;
  /** What `files` has made. */
  readonly made: FileSource;
  /** For the keyring. */
  readonly kept: Pick<KeptFiles, 'nameOf' | 'replace'>;
  begin(schema: number): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
  close(): Promise<void>;
}

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

/** I1. */
const checkFree = async (dataDir: string): Promise<void> => {
  const names = await namesIn(dataDir);
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

/** I2. */
const giveName = async (root: string, dataDir: string): Promise<void> => {
  for (const name of ['lock.db', 'pid']) await rm(join(root, name), { force: true });
  await syncTree(root);
  // Of an empty directory it takes the place; of any other, which may have come meanwhile, it does not.
  await rename(root, dataDir);
  await syncDirectory(dirname(dataDir));
};

const openDirectory = async (dataDir: string): Promise<Ground> => {
  await checkFree(dataDir);
  const root = await makeRoot(dataDir);
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
    files: new FileWriter(root),
    made: filesOf(root),
    kept: filesOfDirectory(root),
    begin: async (schema) => {
      opened = openWriter(root, migrations.slice(0, schema));
    },
    finish: async () => {
      await close();
      await giveName(root, dataDir);
    },
    abandon: async () => {
      await close();
      await rm(root, { recursive: true, force: true });
    },
    close,
  };
};

const openDatabase = async (url: string): Promise<Ground> => {
  const filling = await openFilling(url);
  const { database } = filling;
  return {
    ...filling,
    files: new FileRowWriter(database),
    made: filesOfRows(rowFilesOf(database)),
    kept: {
      nameOf: (path) => `${path} of the database`,
      replace: async (path, _was, text) => {
        await putKey(database, path, text);
        return true;
      },
    },
  };
};

export class Target {
  readonly #place: TargetPlace;
  readonly #ground: Ground;
  readonly #check = new FileCheck();
  #load: ((lines: Buffer) => Promise<void>) | undefined;
  #keyring: KeyringRecord | undefined;

  constructor(place: TargetPlace, ground: Ground) {
    this.#place = place;
    this.#ground = ground;
  }

  /** With the tables as they were after `schema` migrations: the next start brings them to those of now. */
  begin(schema: number): Promise<void> {
    return this.#ground.begin(schema);
  }

  async take(record: BackupRecord): Promise<void> {
    if (record.kind === 'head') await this.#begin(record.head);
    else if (record.kind === 'rows') await this.#load?.(record.lines);
    else {
      this.#check.add(record.data);
      await this.#ground.files.add(record.data);
    }
  }

  async #begin(head: Head): Promise<void> {
    this.#check.end();
    await this.#ground.files.end();
    this.#load = undefined;
    if (head.record === 'table')
      this.#load = await createLoader(this.#ground.database, head.name, head.columns);
    else if (head.record === 'keyring') this.#keyring = head;
    else if (head.record === 'file') {
      this.#check.begin(head.path);
      await this.#ground.files.begin(head.path);
    }
  }

  /** Of what was put together, read back; `see` comes with each record. */
  async digest(see: (record: BackupRecord) => void = () => undefined): Promise<Digest> {
    const digester = new Digester();
    const sweep = createSweeper();
    const { database, made } = this.#ground;
    await database.beginRead();
    for await (const record of contentRecords(made, toSnapshot(database))) {
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
    const { id, keys } = this.#keyring;
    const numbered = keys.map(({ number, createdAt, key }) => ({
      number,
      createdAt,
      key: createSecretKey(Buffer.from(key, 'base64')),
    }));
    const { dataDir, secrets: source } = this.#place;
    await restoreKeyring({ id, keys: numbered }, { dataDir, source, files: this.#ground.kept });
    await this.#ground.finish();
  }

  /** The place is as it was. */
  async abandon(): Promise<void> {
    try {
      await this.#ground.files.close();
    } finally {
      await this.#ground.abandon();
    }
  }

  async close(): Promise<void> {
    await this.#ground.files.close();
    await this.#ground.close();
  }
}

const openTarget = async (place: TargetPlace): Promise<Target> => {
  const { dataDir, url } = place;
  return new Target(place, url === undefined ? await openDirectory(dataDir) : await openDatabase(url));
};

/** I4: what is to be thrown. */
const giveUp = async (target: Target, place: TargetPlace, error: unknown): Promise<unknown> => {
  const others: unknown[] = [];
  for (const end of [() => target.abandon(), () => target.close()])
    await end().catch((other: unknown) => others.push(other));
  if (others.length === 0) return error;
  const left = `what was begun of ${nameOf(place)} cannot be taken away (${others.map(reasonOf).join('; ')}), the next try does that`;
  const { reason, details } =
    error instanceof ApiError ? error : ({ reason: 'InternalError', details: undefined } as const);
  const cause = new AggregateError([error, ...others]);
  return new ApiError(reason, `${reasonOf(error)}; ${left}`, details, cause);
};

/** Resolves to what `fill` does, which finishes the target. @throws what stands in the way; the place is then as it was (I4). */
export const fillTarget = async <T>(place: TargetPlace, fill: (target: Target) => Promise<T>): Promise<T> => {
  const target = await openTarget(place);
  let filled: T;
  try {
    filled = await fill(target);
  } catch (error) {
    throw await giveUp(target, place, error);
  }
  await target.close();
  return filled;
};
