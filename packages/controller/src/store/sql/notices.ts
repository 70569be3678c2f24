// Owns notices: what has no number of its own by which other controllers would find it changed (agents, credentials) leaves one,
// a number with a name, in the transaction that changes it (others.ts). Where nobody else writes there are none.
import type { Context } from './context.ts';

/** Of kept files the database leaves it (postgres/kept-rows.ts). */
export type NoticeKind = 'agent' | 'credential' | 'certificate' | 'kept';

/** Whoever is further behind starts anew. */
const keptNotices = 10_000;

/** Leaves a notice, if there may be somebody to read it. */
export const notify = (context: Context, kind: NoticeKind, name: string): void => {
  if (!context.database.isShared) return;
  const seq = ++context.counters.notice;
  context.send('INSERT INTO notice (seq, kind, name) VALUES (?, ?, ?)', seq, kind, name);
  if (seq % 1000 === 0) context.send('DELETE FROM notice WHERE seq <= ?', seq - keptNotices);
};
