// Owns the rows of a backup: which tables are in it, and how they are read and put back, in the order of their keys.
// Uploads under way are not in it: their bytes are not content yet.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { ApiError } from '@drover/api/errors';
import type { Context } from './context.ts';

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

export type SnapshotTable = keyof typeof keys;

// Object.keys gives strings, which here are exactly these.
export const snapshotTables = Object.keys(keys) as readonly SnapshotTable[];

const isTable = (name: string): name is SnapshotTable => Object.hasOwn(keys, name);

const pageBytes = 256 * 1024;

type Value = string | number | null | Uint8Array;

export const columnsOf = (database: DatabaseSync, table: SnapshotTable): readonly string[] =>
  database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map((row) => String(row['name']));

const toLine = (values: readonly Value[]): string =>
  `${JSON.stringify(values.map((value) => (value instanceof Uint8Array ? { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') } : value)))}\n`;

export interface Page {
  /** UTF-8: a JSON list of values on a line each. Bytes are {"base64": "..."}. */
  readonly lines: ArrayBuffer;
  /** Key of its last row; undefined: there are no more. */
  readonly last: string | number | undefined;
}

/** About 256 KiB of rows behind `after`; at least one, if there are any. */
export const readPage = (
  database: DatabaseSync,
  { table, after }: { readonly table: SnapshotTable; readonly after: string | number | undefined },
): Page => {
  const key = keys[table];
  const keyAt = columnsOf(database, table).indexOf(key);
  const where = after === undefined ? '' : `WHERE ${key} > ?`;
  const statement = database.prepare(`SELECT * FROM ${table} ${where} ORDER BY ${key}`);
  statement.setReturnArrays(true);
  let text = '';
  let last: string | number | undefined;
  for (const row of statement.iterate(...(after === undefined ? [] : [after]))) {
    // setReturnArrays makes rows arrays; the types of node:sqlite do not follow it.
    const values = row as unknown as readonly Value[];
    text += toLine(values);
    const found = values[keyAt];
    last = typeof found === 'string' || typeof found === 'number' ? found : undefined;
    if (text.length >= pageBytes) break;
  }
  // Bytes of its own, so that they can be moved.
  return { lines: new TextEncoder().encode(text).buffer, last: text.length >= pageBytes ? last : undefined };
};

const pragma = (database: DatabaseSync, name: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

export interface SnapshotAbout {
  readonly schema: number;
  readonly revision: number;
  readonly counts: Readonly<Record<string, number>>;
}

const about = ({ database, counters }: Context): SnapshotAbout => ({
  schema: pragma(database, 'user_version'),
  revision: counters.revision,
  counts: Object.fromEntries(
    snapshotTables.map((table) => [
      table,
      Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']),
    ]),
  ),
});

/** What a thread in mode 'snapshot' can do: all of it sees one moment. */
export const snapshotOperations = {
  'snapshot.about': about,
  'snapshot.columns': ({ database }: Context, table: SnapshotTable) => columnsOf(database, table),
  'snapshot.page': (context: Context, wish: Parameters<typeof readPage>[1]): Page => {
    const page = readPage(context.database, wish);
    context.moved.push(page.lines);
    return page;
  },
  'snapshot.blobs': ({ database }: Context): readonly string[] =>
    database
      .prepare('SELECT sha256 FROM blob ORDER BY sha256')
      .all()
      .map((row) => String(row['sha256'])),
};

export type SnapshotOperations = typeof snapshotOperations;

const refuse = (why: string): ApiError =>
  new ApiError(
    'Invalid',
    `cannot use the backup: ${why}; use the version of Drover that wrote it, or a newer one`,
  );

const toValue = (value: unknown): SQLInputValue => {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  // The only other form that toLine gives.
  return Buffer.from((value as { readonly base64: string }).base64, 'base64');
};

/** Puts lines that `readPage` gave, of any store, into an empty table. Throws Invalid for what is not known here. */
export const createLoader = (database: DatabaseSync, name: string, columns: readonly string[]) => {
  if (!isTable(name)) throw refuse(`it has rows of "${name}", which are not known here`);
  const own = new Set(columnsOf(database, name));
  const unknown = columns.find((column) => !own.has(column));
  if (unknown !== undefined) throw refuse(`its rows of "${name}" have "${unknown}", which is not known here`);
  const marks = columns.map(() => '?').join(', ');
  // What migrations have put there gives way.
  database.exec(`DELETE FROM ${name}`);
  const insert = database.prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${marks})`);
  return (lines: Buffer): void => {
    database.exec('BEGIN IMMEDIATE');
    for (const line of lines.toString('utf8').split('\n'))
      if (line !== '') insert.run(...(JSON.parse(line) as readonly unknown[]).map(toValue));
    database.exec('COMMIT');
  };
};
