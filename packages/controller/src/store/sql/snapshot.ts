// Owns the rows of a backup: which tables are in it, and how they are read and put back, in the order of their keys.
// I1: a table is in it, or is named here with why not: one that is forgotten fails the tests, and would be lost by every backup and move.
import { ApiError } from '@drover/api/errors';
import { migrations } from '../migrations/index.ts';
import { eachBySize } from './by-size.ts';
import type { Context } from './context.ts';
import type { Database, Value } from './database.ts';
import { type FileWish, fileBytes, fileSize, filesIn } from './files.ts';

/** Table → its key, of one column. */
const keys = {
  counter: 'name',
  meta: 'key',
  object_log: 'revision',
  work: 'seq',
  task: 'seq',
  output: 'cursor',
  agent: 'node',
  certificate: 'serial',
  credential: 'id',
  factor: 'id',
  failed_try: 'key',
  blob: 'sha256',
  audit: 'seq',
  audit_anchor: 'id',
} as const;

/** Table that is in no backup → why (I1). */
export const notInBackups: Readonly<Record<string, string>> = {
  upload: 'its bytes are not content yet',
  pending: 'a sign-in under way begins anew',
  kept_file: 'a file of the backup',
  piece: 'bytes of files of the backup',
  blob_body: 'says which bytes are which file',
  recording: 'a file of the backup',
  dropped_body: 'bytes that are being removed',
  notice: 'what controllers that run tell each other',
  drover_schema: 'stands in the header',
  drover_filling: 'marks a place that is not whole',
};

export type SnapshotTable = keyof typeof keys;

// Object.keys gives strings, which here are exactly these.
export const snapshotTables = Object.keys(keys) as readonly SnapshotTable[];

const isTable = (name: string): name is SnapshotTable => Object.hasOwn(keys, name);

const pageBytes = 256 * 1024;

const toLine = (values: readonly Value[]): string =>
  `${JSON.stringify(values.map((value) => (value instanceof Uint8Array ? { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') } : value)))}\n`;

export interface Page {
  /** UTF-8: a JSON list of values on a line each. Bytes are {"base64": "..."}. */
  readonly lines: ArrayBuffer;
  /** Key of its last row; undefined: there are no more. */
  readonly last: string | number | undefined;
}

/** About 256 KiB of rows behind `after`; at least one, if there are any. */
export const readPage = async (
  database: Database,
  { table, after }: { readonly table: SnapshotTable; readonly after: string | number | undefined },
): Promise<Page> => {
  const key = keys[table];
  const columns = await database.columns(table);
  const names = columns.map((column) => `"${column}"`).join(', ');
  let text = '';
  let last: string | number | undefined;
  const query = { columns: names, table, key, where: 'true', values: [], after, limitBytes: pageBytes };
  for await (const row of eachBySize(database, query)) {
    text += toLine(columns.map((column) => row[column] ?? null));
    const found = row[key];
    last = typeof found === 'string' || typeof found === 'number' ? found : undefined;
    if (text.length >= pageBytes) break;
  }
  // Bytes of its own, so that they can be moved.
  return { lines: new TextEncoder().encode(text).buffer, last: text.length >= pageBytes ? last : undefined };
};

export interface SnapshotAbout {
  readonly schema: number;
  readonly revision: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** A newer program may keep things in tables that are not known here. @throws ApiError ServiceUnavailable */
const checkKnown = (schema: number): void => {
  if (schema <= migrations.length) return;
  throw new ApiError(
    'ServiceUnavailable',
    `cannot back up: the database has been upgraded by a newer version of Drover (schema ${schema}, this one knows up to ${migrations.length}); ask a controller of that version`,
  );
};

const about = async ({ database, counters }: Context): Promise<SnapshotAbout> => {
  const schema = await database.schema();
  checkKnown(schema);
  const counts: [string, number][] = [];
  for (const table of snapshotTables) {
    const found = await database.tuple(`SELECT count(*) FROM ${table}`);
    counts.push([table, Number(found?.[0])]);
  }
  return {
    schema,
    revision: counters.revision,
    counts: Object.fromEntries(counts),
  };
};

export const blobsOf = async (database: Database): Promise<readonly string[]> =>
  (await database.rows('SELECT sha256 FROM blob ORDER BY sha256')).map((row) => String(row['sha256']));

/** What a thread in mode 'snapshot' can do: all of it sees one moment. */
export const snapshotOperations = {
  'snapshot.about': about,
  'snapshot.columns': ({ database }: Context, table: SnapshotTable) => database.columns(table),
  'snapshot.page': async (context: Context, wish: Parameters<typeof readPage>[1]): Promise<Page> => {
    const page = await readPage(context.database, wish);
    context.moved.push(page.lines);
    return page;
  },
  'snapshot.blobs': ({ database }: Context) => blobsOf(database),
  'snapshot.files': ({ database }: Context, folder: 'keys' | 'recordings') => filesIn(database, folder),
  'snapshot.fileSize': ({ database }: Context, path: string) => fileSize(database, path),
  'snapshot.fileBytes': async (context: Context, wish: FileWish): Promise<ArrayBuffer> => {
    const bytes = await fileBytes(context.database, wish);
    context.moved.push(bytes);
    return bytes;
  },
};

export type SnapshotOperations = typeof snapshotOperations;

const refuse = (why: string): ApiError =>
  new ApiError(
    'Invalid',
    `cannot use the backup: ${why}; use the version of Drover that wrote it, or a newer one`,
  );

const toValue = (value: unknown): Value => {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  // The only other form that toLine gives.
  return Buffer.from((value as { readonly base64: string }).base64, 'base64');
};

/** Puts lines that `readPage` gave, of any store, into an empty table. Throws Invalid for what is not known here. */
export const createLoader = async (
  database: Database,
  name: string,
  columns: readonly string[],
): Promise<(lines: Buffer) => Promise<void>> => {
  if (!isTable(name)) throw refuse(`it has rows of "${name}", which are not known here`);
  const own = new Set(await database.columns(name));
  const unknown = columns.find((column) => !own.has(column));
  if (unknown !== undefined) throw refuse(`its rows of "${name}" have "${unknown}", which is not known here`);
  const marks = columns.map(() => '?').join(', ');
  // What migrations have put there gives way.
  await database.run(`DELETE FROM ${name}`);
  const names = columns.map((column) => `"${column}"`).join(', ');
  const insert = `INSERT INTO ${name} (${names}) VALUES (${marks})`;
  return async (lines) => {
    await database.begin();
    const rows = lines.toString('utf8').split('\n');
    const put = (row: string) =>
      database.run(insert, ...(JSON.parse(row) as readonly unknown[]).map(toValue));
    await Promise.all(rows.filter((row) => row !== '').map(put));
    await database.commit();
  };
};
