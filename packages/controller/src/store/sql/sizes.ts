// Owns how large the tables are that grow with use.
// I1: it costs little however much there is: rows are counted along an index, and how large they are is told by the newest; where
//     even that would be long (a database that others read too has a bound for each answer), the database's own statistics tell it.
import type { StoredSize, StoredSizes } from '../store.ts';
import type { Context } from './context.ts';
import type { Awaitable, Estimate } from './database.ts';

const sampleRows = 1_000;

/** Table → its key, in the order of which it grows, and what of a row takes room. */
const tables = {
  revisions: { table: 'object_log', key: 'revision', size: 'octet_length(value)' },
  tasks: { table: 'task', key: 'seq', size: '200 + coalesce(octet_length(result), 0)' },
  output: { table: 'output', key: 'cursor', size: 'octet_length(data)' },
  audit: { table: 'audit', key: 'seq', size: 'octet_length("row")' },
  certificates: { table: 'certificate', key: 'serial', size: '200' },
} as const;

const numberOf = async ({ database }: Context, sql: string): Promise<number> =>
  Number((await database.tuple(sql))?.[0] ?? 0);

const about = async (context: Context, name: keyof typeof tables): Promise<StoredSize> => {
  const { table, key, size } = tables[name];
  const estimate = await context.database.estimate(table);
  if (estimate !== undefined) return { name, count: estimate.rows, bytes: estimate.bytes, isEstimate: true };
  const count = await numberOf(context, `SELECT count(*) FROM ${table}`);
  const newest = `SELECT ${size} AS size FROM ${table} ORDER BY ${key} DESC LIMIT ${sampleRows}`;
  const mean = await numberOf(context, `SELECT avg(size) FROM (${newest}) AS newest`);
  return { name, count, bytes: Math.round(count * mean) };
};

const aboutContent = async (context: Context, { rows }: Estimate): Promise<StoredSize> => {
  const some = `SELECT size_bytes FROM blob LIMIT ${10 * sampleRows}`;
  const mean = await numberOf(context, `SELECT avg(size_bytes) FROM (${some}) AS some_of_it`);
  return { name: 'content', count: rows, bytes: Math.round(rows * mean), isEstimate: true };
};

const content = async (context: Context): Promise<StoredSize> => {
  const estimate = await context.database.estimate('blob');
  if (estimate !== undefined) return aboutContent(context, estimate);
  return {
    name: 'content',
    count: await numberOf(context, 'SELECT count(*) FROM blob'),
    bytes: await numberOf(context, 'SELECT coalesce(sum(size_bytes), 0) FROM blob'),
  };
};

const sizes = async (context: Context): Promise<StoredSizes> => {
  // Object.keys gives strings, which here are exactly these.
  const names = Object.keys(tables) as readonly (keyof typeof tables)[];
  const rows = await Promise.all(names.map((name) => about(context, name)));
  return {
    databaseBytes: await context.database.sizeBytes(),
    kept: [...rows, await content(context)],
  };
};

/** Bytes of the file that hold nothing: they are written before it grows. */
const free = ({ database }: Context): Awaitable<number> => database.freeBytes();

export const sizeReads = { 'sizes.read': sizes, 'sizes.free': free };
