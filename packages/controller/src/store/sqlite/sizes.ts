// Owns how large the tables are that grow with use.
// I1: it costs little however much there is: rows are counted along an index, and how large they are is told by the newest.
import type { StoredSize, StoredSizes } from '../store.ts';
import type { Context } from './context.ts';

const sampleRows = 1_000;

/** Table → its key, in the order of which it grows, and what of a row takes room. */
const tables = {
  revisions: { table: 'object_log', key: 'revision', size: 'length(value)' },
  tasks: { table: 'task', key: 'seq', size: '200 + coalesce(length(result), 0)' },
  output: { table: 'output', key: 'cursor', size: 'length(data)' },
  audit: { table: 'audit', key: 'seq', size: 'length(row)' },
  certificates: { table: 'certificate', key: 'not_before_ms', size: '200' },
} as const;

const numberOf = (context: Context, sql: string, column: string): number =>
  Number(context.prepare(sql).get()?.[column] ?? 0);

const about = (context: Context, name: keyof typeof tables): StoredSize => {
  const { table, key, size } = tables[name];
  const count = numberOf(context, `SELECT count(*) AS count FROM ${table}`, 'count');
  const newest = `SELECT ${size} AS size FROM ${table} ORDER BY ${key} DESC LIMIT ${sampleRows}`;
  const mean = numberOf(context, `SELECT avg(size) AS mean FROM (${newest})`, 'mean');
  return { name, count, bytes: Math.round(count * mean) };
};

const content = (context: Context): StoredSize => ({
  name: 'content',
  count: numberOf(context, 'SELECT count(*) AS count FROM blob', 'count'),
  bytes: numberOf(context, 'SELECT coalesce(sum(size_bytes), 0) AS bytes FROM blob', 'bytes'),
});

const sizes = (context: Context): StoredSizes => {
  const pages = numberOf(context, 'PRAGMA page_count', 'page_count');
  const pageBytes = numberOf(context, 'PRAGMA page_size', 'page_size');
  // Object.keys gives strings, which here are exactly these.
  const names = Object.keys(tables) as readonly (keyof typeof tables)[];
  return {
    databaseBytes: pages * pageBytes,
    kept: [...names.map((name) => about(context, name)), content(context)],
  };
};

/** Bytes of the file that hold nothing: they are written before it grows. */
const free = (context: Context): number =>
  numberOf(context, 'PRAGMA freelist_count', 'freelist_count') *
  numberOf(context, 'PRAGMA page_size', 'page_size');

export const sizeReads = { 'sizes.read': sizes, 'sizes.free': free };
