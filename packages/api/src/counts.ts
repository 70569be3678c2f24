// Owns counting of tasks: from rows of states to the Counts of a status.
import type { Counts, TaskState } from './work.ts';

export const emptyCounts: Counts = {
  total: 0,
  waiting: 0,
  queued: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  signalled: 0,
  timedOut: 0,
  cancelled: 0,
  unreachable: 0,
  neverStarted: 0,
  lost: 0,
};

/** Tasks per state; exited is split by exit code 0. The same shape as the store's TaskCounts. */
export type StateCounts = Readonly<Record<Exclude<TaskState, 'exited'> | 'succeeded' | 'failed', number>>;

/** Counts of a status. What is sent but has not said that it started is counted as running. */
export const toCounts = (states: StateCounts): Counts => {
  const counts = {
    waiting: states.waiting,
    queued: states.queued,
    running: states.sent + states.running,
    succeeded: states.succeeded,
    failed: states.failed,
    signalled: states.signalled,
    timedOut: states['timed-out'],
    cancelled: states.cancelled,
    unreachable: states.unreachable,
    neverStarted: states['never-started'],
    lost: states.lost,
  };
  return { total: Object.values(counts).reduce((sum, n) => sum + n, 0), ...counts };
};
