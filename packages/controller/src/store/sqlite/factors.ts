// Owns the statements of what people prove who they are with, and of tries that failed.
import type { FactorRow, FailedTryRow } from '../store.ts';
import type { Context } from './context.ts';

type Row = Readonly<Record<string, unknown>>;

const columns =
  'id, user_uid AS userUid, kind, key, value, created_at_ms AS createdAtMs, mark, last_used_ms AS lastUsedMs';

// The columns above are exactly the fields of the row's type; value is JSON.
const toFactor = (row: Row): FactorRow =>
  ({ ...row, value: JSON.parse(String(row['value'])) }) as unknown as FactorRow;

const insert = (context: Context, row: FactorRow): void => {
  context
    .prepare(
      `INSERT INTO factor (id, user_uid, kind, key, value, created_at_ms, mark, last_used_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[row.id, row.userUid, row.kind, row.key, JSON.stringify(row.value)],
      ...[row.createdAtMs, row.mark, row.lastUsedMs],
    );
};

/** Everything of these kinds that the person has gives way to the rows. */
const replace = (
  context: Context,
  wish: {
    readonly userUid: string;
    readonly kinds: readonly FactorRow['kind'][];
    readonly rows: readonly FactorRow[];
  },
): void => {
  const remove = context.prepare('DELETE FROM factor WHERE user_uid = ? AND kind = ?');
  for (const kind of wish.kinds) remove.run(wish.userUid, kind);
  for (const row of wish.rows) insert(context, row);
};

const take = (context: Context, id: string): FactorRow | undefined => {
  const row = context.prepare(`DELETE FROM factor WHERE id = ? RETURNING ${columns}`).get(id);
  return row && toFactor(row);
};

const advance = (context: Context, wish: { readonly id: string; readonly mark: number }): boolean =>
  context.prepare('UPDATE factor SET mark = ?2 WHERE id = ?1 AND mark < ?2').run(wish.id, wish.mark).changes >
  0;

const touch = (context: Context, wish: { readonly id: string; readonly nowMs: number }): void => {
  context.prepare('UPDATE factor SET last_used_ms = ? WHERE id = ?').run(wish.nowMs, wish.id);
};

const removeAll = (context: Context, userUid: string): void => {
  context.prepare('DELETE FROM factor WHERE user_uid = ?').run(userUid);
};

const of = (context: Context, userUid: string): readonly FactorRow[] =>
  context
    .prepare(`SELECT ${columns} FROM factor WHERE user_uid = ? ORDER BY created_at_ms, id`)
    .all(userUid)
    .map(toFactor);

const byKey = (
  context: Context,
  wish: { readonly kind: FactorRow['kind']; readonly key: string },
): FactorRow | undefined => {
  const row = context
    .prepare(`SELECT ${columns} FROM factor WHERE kind = ? AND key = ?`)
    .get(wish.kind, wish.key);
  return row && toFactor(row);
};

const owners = (context: Context): readonly string[] =>
  context
    .prepare('SELECT DISTINCT user_uid AS uid FROM factor')
    .all()
    .map((row) => String(row['uid']));

const saveTry = (context: Context, row: FailedTryRow): void => {
  context
    .prepare(
      `INSERT INTO failed_try (key, count, last_ms) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET count = excluded.count, last_ms = excluded.last_ms`,
    )
    .run(row.key, row.count, row.lastMs);
};

const removeTries = (context: Context, keys: readonly string[]): void => {
  const remove = context.prepare('DELETE FROM failed_try WHERE key = ?');
  for (const key of keys) remove.run(key);
};

const tries = (context: Context): readonly FailedTryRow[] =>
  context
    .prepare('SELECT key, count, last_ms AS lastMs FROM failed_try ORDER BY last_ms')
    .all()
    // The columns are exactly the fields of the row's type.
    .map((row) => ({ ...row }) as unknown as FailedTryRow);

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
};
