// Owns the statements of what people prove who they are with, and of tries that failed.
import { dataKeyOf } from '../sealing/envelope.ts';
import type { FactorRow, FailedTryRow } from '../store.ts';
import type { Context } from './context.ts';
import type { Row } from './database.ts';
import { checkDataKey } from './sealed.ts';

const columns =
  'id, user_uid AS "userUid", kind, key, value, created_at_ms AS "createdAtMs", mark, last_used_ms AS "lastUsedMs"';

// The columns above are exactly the fields of the row's type; value is JSON.
const toFactor = (row: Row): FactorRow =>
  ({ ...row, value: JSON.parse(String(row['value'])) }) as unknown as FactorRow;

const insert = async (context: Context, row: FactorRow): Promise<void> => {
  const { sealed } = row.value as { readonly sealed?: string };
  const number = sealed === undefined ? 0 : dataKeyOf(sealed);
  if (number > 0) await checkDataKey(context, number);
  context.send(
    `INSERT INTO factor (id, user_uid, kind, key, value, created_at_ms, mark, last_used_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[row.id, row.userUid, row.kind, row.key, JSON.stringify(row.value)],
    ...[row.createdAtMs, row.mark, row.lastUsedMs],
  );
};

/** Everything of these kinds that the person has gives way to the rows. */
const replace = async (
  context: Context,
  wish: {
    readonly userUid: string;
    readonly kinds: readonly FactorRow['kind'][];
    readonly rows: readonly FactorRow[];
  },
): Promise<void> => {
  for (const kind of wish.kinds)
    context.send('DELETE FROM factor WHERE user_uid = ? AND kind = ?', wish.userUid, kind);
  for (const row of wish.rows) await insert(context, row);
};

const take = async ({ database }: Context, id: string): Promise<FactorRow | undefined> => {
  const row = await database.row(`DELETE FROM factor WHERE id = ? RETURNING ${columns}`, id);
  return row && toFactor(row);
};

const advance = async (
  { database }: Context,
  wish: { readonly id: string; readonly mark: number },
): Promise<boolean> =>
  (await database.run('UPDATE factor SET mark = ?2 WHERE id = ?1 AND mark < ?2', wish.id, wish.mark)) > 0;

const touch = (context: Context, wish: { readonly id: string; readonly nowMs: number }): void =>
  context.send('UPDATE factor SET last_used_ms = ? WHERE id = ?', wish.nowMs, wish.id);

const removeAll = (context: Context, userUid: string): void =>
  context.send('DELETE FROM factor WHERE user_uid = ?', userUid);

const of = async ({ database }: Context, userUid: string): Promise<readonly FactorRow[]> => {
  const sql = `SELECT ${columns} FROM factor WHERE user_uid = ? ORDER BY created_at_ms, id`;
  return (await database.rows(sql, userUid)).map(toFactor);
};

const byKey = async (
  { database }: Context,
  wish: { readonly kind: FactorRow['kind']; readonly key: string },
): Promise<FactorRow | undefined> => {
  const sql = `SELECT ${columns} FROM factor WHERE kind = ? AND key = ?`;
  const row = await database.row(sql, wish.kind, wish.key);
  return row && toFactor(row);
};

const owners = async ({ database }: Context): Promise<readonly string[]> => {
  const rows = await database.rows('SELECT DISTINCT user_uid AS uid FROM factor');
  return rows.map((row) => String(row['uid']));
};

const saveTry = (context: Context, row: FailedTryRow): void =>
  context.send(
    `INSERT INTO failed_try (key, count, last_ms) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET count = excluded.count, last_ms = excluded.last_ms`,
    row.key,
    row.count,
    row.lastMs,
  );

const removeTries = (context: Context, keys: readonly string[]): void => {
  for (const key of keys) context.send('DELETE FROM failed_try WHERE key = ?', key);
};

const tries = async ({ database }: Context): Promise<readonly FailedTryRow[]> => {
  const rows = await database.rows('SELECT key, count, last_ms AS "lastMs" FROM failed_try ORDER BY last_ms');
  // The columns are exactly the fields of the row's type.
  return rows.map((row) => ({ ...row }) as unknown as FailedTryRow);
};

const triesOf = async (context: Context, keys: readonly string[]): Promise<readonly FailedTryRow[]> => {
  const sql = 'SELECT key, count, last_ms AS "lastMs" FROM failed_try WHERE key = ?';
  const rows = await Promise.all(keys.map((key) => context.database.row(sql, key)));
  // As in `tries`.
  return rows.filter((row) => row !== undefined).map((row) => ({ ...row }) as unknown as FailedTryRow);
};

export const factorWrites = {
  'factors.replace': replace,
  'factors.add': insert,
  'factors.take': take,
  'factors.advance': advance,
  'factors.touch': touch,
  'factors.removeAll': removeAll,
  'factors.saveTry': saveTry,
  'factors.removeTries': removeTries,
};
export const factorReads = {
  'factors.of': of,
  'factors.byKey': byKey,
  'factors.owners': owners,
  'factors.tries': tries,
  'factors.triesOf': triesOf,
};
