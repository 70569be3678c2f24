// Owns the reading of rows that may be large, in the order of a key, up to a number of bytes.
// I1: what is not taken is not read: a database beyond a network sends rows many at a time, so it is told how many bytes to send.
import type { Database, Row, Value } from './database.ts';

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

/** I1. */
export async function* eachBySize(database: Database, query: SizedQuery): AsyncGenerator<Row> {
  const { key, table, values, limitBytes } = query;
  const size = await database.rowSize(table);
  let { after } = query;
  const valuesNow = (): readonly Value[] => (after === undefined ? values : [...values, after]);
  if (size === undefined) {
    yield* database.each(toSql(query, size), ...valuesNow());
    return;
  }
  for (;;) {
    const rows = await database.rows(toSql({ ...query, after }, size), ...valuesNow(), limitBytes);
    yield* rows;
    const last = rows.at(-1)?.[key];
    if (typeof last !== 'string' && typeof last !== 'number') return;
    after = last;
  }
}
