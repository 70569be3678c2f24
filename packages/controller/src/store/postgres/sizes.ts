// Owns what PostgreSQL's statistics tell of a table that is too large to be counted.
// I1: nothing of the table is read, however large it is.
import type { Estimate, Tuple } from '../sql/database.ts';

/** A table of so many bytes is counted in some milliseconds. */
const countedBytes = 16 * 1024 * 1024;

/**
 * For the name of a table: how large it is, and about how many rows it has. As the planner does it, the density of the rows that was seen
 * last times what the table takes now; where no VACUUM or ANALYZE has seen it yet, what was counted as it was written.
 */
export const estimateSql = `SELECT pg_relation_size(c.oid), pg_total_relation_size(c.oid),
  CASE WHEN c.relpages > 0 AND c.reltuples >= 0
    THEN c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
    ELSE pg_stat_get_live_tuples(c.oid) END
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ?`;

/** Of a row of it. */
export const toEstimate = (row: Tuple | undefined): Estimate | undefined => {
  if (row === undefined || Number(row[0]) <= countedBytes) return undefined;
  return { rows: Math.round(Number(row[2])), bytes: Number(row[1]) };
};
