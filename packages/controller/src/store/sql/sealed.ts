// Owns the statements by which sealed values (objects, factors) are counted and sealed anew. What is in them, and the
// keys, are the main thread's alone (sealing/).
// I1: a row is never anything but the same value under another key: whoever replaces it says what it was under.
// I2: under a key that was barred nothing is written any more: a controller that was asleep as the others went on to a newer one
//     is refused (Expired), has heard of the newer one by then, and seals anew (sealing/again.ts).
import { ApiError } from '@drover/api/errors';
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

/** Name in table meta of the number of the oldest key under which values may be written. */
const oldestKey = 'oldest-data-key';

/** I2. Without other controllers there is nobody to refuse. */
export const checkDataKey = async ({ database }: Context, number: number): Promise<void> => {
  if (!database.isShared) return;
  const row = await database.row('SELECT value FROM meta WHERE key = ?', oldestKey);
  if (number < Number(row?.['value'] ?? 0))
    throw new ApiError(
      'Expired',
      `cannot store what is sealed: data key ${number} was replaced; seal it anew`,
    );
};

/** Bars the keys older than this one (I2), unless something is under one of them. */
const bar = async (context: Context, current: number): Promise<boolean> => {
  const objects = await context.database.row('SELECT 1 FROM object_log WHERE data_key < ? LIMIT 1', current);
  if (objects !== undefined || (await oldFactors(context, { current, limit: 1 })).length > 0) return false;
  context.send(
    `INSERT INTO meta (key, value) VALUES ('${oldestKey}', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    String(current),
  );
  return true;
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
  'sealed.bar': bar,
  'sealed.factorStarts': factorStarts,
  'sealed.replaceFactors': replaceFactors,
};
