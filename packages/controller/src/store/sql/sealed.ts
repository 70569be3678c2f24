// Owns the statements by which sealed values (objects, factors) are counted and sealed anew. What is in them, and the
// keys, are the main thread's alone (sealing/).
// I1: a row is never anything but the same value under another key: whoever replaces it says what it was under.
import type { FactorRow } from '../store.ts';
import { type Context, loadFloor } from './context.ts';
import type { Awaitable, Tuple } from './database.ts';

/** How much one short transaction replaces. */
const someRows = 64;
const someBytes = 1024 * 1024;

export interface Replacement {
  readonly revision: number;
  /** Number of the data key that it was under; null: it was not sealed. */
  readonly was: number | null;
  readonly dataKey: number;
  readonly value: string;
}

const columns = 'revision, resource, namespace, name, uid, data_key, value';

/** The first rows, up to a number and a size. */
const take = async (
  { database }: Context,
  where: string,
  ...values: readonly (string | number)[]
): Promise<readonly Tuple[]> => {
  const sizes = await database.tuples(
    `SELECT revision, length(value) FROM object_log WHERE ${where} LIMIT ${someRows}`,
    ...values,
  );
  let sizeBytes = 0;
  const chosen = sizes.filter(([, size], index) => {
    sizeBytes += Number(size);
    return index === 0 || sizeBytes <= someBytes;
  });
  const one = `SELECT ${columns} FROM object_log WHERE revision = ?`;
  const rows = await Promise.all(chosen.map(([revision]) => database.tuple(one, Number(revision))));
  return rows.filter((found) => found !== undefined);
};

/** Rows under a data key older than `current`. */
const old = (context: Context, current: number): Promise<readonly Tuple[]> =>
  take(context, 'data_key < ?', current);

/** Rows of the resource behind a revision that are not sealed. One walk over the log, whatever the indexes. */
const plain = (
  context: Context,
  query: { readonly resource: string; readonly after: number },
): Promise<readonly Tuple[]> =>
  take(
    context,
    "revision > ? AND resource || '' = ? AND data_key IS NULL ORDER BY revision",
    query.after,
    query.resource,
  );

const counts = ({ database }: Context): Awaitable<readonly Tuple[]> =>
  database.tuples('SELECT data_key, count(*) FROM object_log WHERE data_key IS NOT NULL GROUP BY data_key');

/** Whether anything was ever written. */
const isUsed = async (context: Context): Promise<boolean> => {
  const some = 'SELECT 1 FROM object_log UNION ALL SELECT 1 FROM factor LIMIT 1';
  return (await context.database.row(some)) !== undefined || (await loadFloor(context, 'compacted')) > 0;
};

/** Rows that compaction has taken meanwhile stay away. */
const replace = (context: Context, rows: readonly Replacement[]): void => {
  const update =
    'UPDATE object_log SET value = ?, data_key = ? WHERE revision = ? AND data_key IS NOT DISTINCT FROM ?';
  for (const { revision, was, dataKey, value } of rows) context.send(update, value, dataKey, revision, was);
};

/** How a factor's value begins when it is sealed (sealing/factors.ts). */
const factorStart = '{"sealed":"';

/** Where the number of the data key stands, of each factor; of one that is not sealed, something else. */
const factorStarts = async ({ database }: Context): Promise<readonly string[]> => {
  const rows = await database.rows(
    `SELECT substr(value, ${factorStart.length + 1}, 40) AS start FROM factor`,
  );
  return rows.map((row) => String(row['start']));
};

/** value as it is stored. */
export interface FactorText extends Pick<FactorRow, 'id' | 'userUid' | 'kind'> {
  readonly text: string;
}

/** Factors that are under another data key than `current`, or under none. */
const oldFactors = async (
  { database }: Context,
  query: { readonly current: number; readonly limit: number },
): Promise<readonly FactorText[]> => {
  const current = `${factorStart}drover-sealed:v1:${query.current}:`;
  const rows = await database.rows(
    `SELECT id, user_uid AS "userUid", kind, value AS text FROM factor
     WHERE substr(value, 1, ${current.length}) <> ? LIMIT ?`,
    current,
    query.limit,
  );
  // The columns are exactly the fields of the type.
  return rows.map((row) => ({ ...row }) as unknown as FactorText);
};

const replaceFactors = (
  context: Context,
  rows: readonly { readonly id: string; readonly was: string; readonly text: string }[],
): void => {
  for (const { id, was, text } of rows)
    context.send('UPDATE factor SET value = ? WHERE id = ? AND value = ?', text, id, was);
};

export const sealedReads = {
  'sealed.oldFactors': oldFactors,
  'sealed.old': old,
  'sealed.plain': plain,
  'sealed.isUsed': isUsed,
};

/** Counting is among the writes: what was sealed before the call is in the count, also when it was still on its way. */
export const sealedWrites = {
  'sealed.replace': replace,
  'sealed.counts': counts,
  'sealed.factorStarts': factorStarts,
  'sealed.replaceFactors': replaceFactors,
};
