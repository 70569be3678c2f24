// Owns the reading of rows that may be large, in the order of a key, up to a number of bytes.
// I1: what is not taken is not read: a database beyond a network sends rows many at a time, so it is told how many bytes to send.
import type { Awaitable, Database, Row, Value } from './database.ts';

/** Sizes are looked at for no more rows than this at a time. */
const mostRows = 1_024;

export interface SizedQuery {
  readonly columns: string;
  readonly table: string;
  /** What `columns` needs of other tables. */
  readonly join?: string;
  /** One row for each of them under `where`. It is among the columns. */
  readonly key: string;
  /** Of columns of the table, with parameters `?1`, `?2` ... */
  readonly where: string;
  readonly values: readonly Value[];
  /** Keys behind this one; undefined: all. */
  readonly after?: string | number | undefined;
  /** More are read only once these have been taken; a row that begins below this is sent whole. */
  readonly limitBytes: number;
}

/** Its parameters are those of `where`, then `after` if it is given, then the limit. */
const toSql = (
  { columns, table, join = '', key, where, values, after }: SizedQuery,
  size: string | undefined,
): string => {
  const own = `${table}.${key}`;
  const number = values.length;
  const behind = after === undefined ? where : `${where} AND ${own} > ?${number + 1}`;
  const start = `SELECT ${columns} FROM ${table} ${join} WHERE ${behind}`;
  if (size === undefined) return `${start} ORDER BY ${own}`;
  const limit = `?${number + (after === undefined ? 1 : 2)}`;
  return `${start} AND ${own} <= (SELECT max(k) FROM (SELECT k, sum(size) OVER (ORDER BY k) - size AS before
    FROM (SELECT ${own} AS k, ${size} AS size FROM ${table} WHERE ${behind} ORDER BY ${own} LIMIT ${mostRows}) AS next)
    AS summed WHERE before < ${limit}) ORDER BY ${own}`;
};

async function* inBatches(
  database: Database,
  query: SizedQuery,
  size: Awaitable<string>,
): AsyncGenerator<Row> {
  const { key, values } = query;
  const limitBytes = Math.max(1, query.limitBytes); // the first row is sent whatever its size
  const known = await size;
  let { after } = query;
  for (;;) {
    const sql = toSql({ ...query, after }, known);
    const rows = await database.rows(sql, ...values, ...(after === undefined ? [] : [after]), limitBytes);
    yield* rows;
    const last = rows.at(-1)?.[key];
    if (typeof last !== 'string' && typeof last !== 'number') return;
    after = last;
  }
}

/** I1. */
export const eachBySize = (database: Database, query: SizedQuery): Iterable<Row> | AsyncIterable<Row> => {
  const size = database.rowSize?.(query.table);
  if (size !== undefined) return inBatches(database, query, size);
  const { values, after } = query;
  return database.each(toSql(query, undefined), ...values, ...(after === undefined ? [] : [after]));
};
