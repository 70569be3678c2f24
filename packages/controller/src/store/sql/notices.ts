// Owns notices: what has no number of its own by which other controllers would find it changed (agents, credentials) leaves one,
// a number with a name, in the transaction that changes it (others.ts). Where nobody else writes there are none.
// I1: only what really changed leaves one, and many agents that change by one statement leave one together.
// I2: of those that are more than enough only what was committed some time ago goes, so that whoever looks in time finds all,
//     however many one transaction, or a fleet that comes back, leaves.
import type { Context } from './context.ts';

/** Of kept files the database leaves it (postgres/kept-rows.ts). A departure is of all agents of a controller (agents.ts). */
export type NoticeKind = 'agent' | 'departure' | 'credential' | 'certificate' | 'kept';

/** Whoever is further behind than both starts anew. */
const keptNotices = 10_000;
const keptMs = 60_000;

/** What is known to be committed: up to `oldSeq` for `keptMs` at least, up to `recentSeq` since `recentMs`. */
export interface Noticed {
  oldSeq: number;
  recentSeq: number;
  recentMs: number;
}

/** I2. */
const trim = (context: Context, seq: number): void => {
  const { noticed, seen } = context;
  const nowMs = context.elapsedMs();
  if (nowMs - noticed.recentMs >= keptMs)
    Object.assign(noticed, { oldSeq: noticed.recentSeq, recentSeq: seen.notice, recentMs: nowMs });
  const upTo = Math.min(noticed.oldSeq, seq - keptNotices);
  if (upTo > 0) context.send('DELETE FROM notice WHERE seq <= ?', upTo);
};

/** Leaves a notice, if there may be somebody to read it. */
export const notify = (context: Context, kind: NoticeKind, name: string): void => {
  if (!context.database.isShared) return;
  const seq = ++context.counters.notice;
  context.send('INSERT INTO notice (seq, kind, name) VALUES (?, ?, ?)', seq, kind, name);
  if (seq % 1000 === 0) trim(context, seq);
};
