// Owns the decision what a piece of work releases next. Pure: facts in, decision out.
// I1: never more than `width` tasks are at work (queued, sent or running).
// I2: no task of a batch is released before every task of the batches before it is final, the pause is over
//     and the gate is passed.
// I3: once more than `maxFailures` tasks have failed, nothing is released any more and what was not handed to
//     an agent is stopped. A failure is every final state but "exited with 0".
// I4: the decision hangs on the strategy, the task rows, the fence and the time alone, so that it is the same after a
//     restart.
// I5: with a fence a task is released only while its node is connected and the fence says go: what is released goes out
//     at once. What the fence refuses ends without having started.
import type { IntOrPercent, Strategy } from '@drover/api';
import type { Leave } from '../platform/fence.ts';

/** The first batch that is not finished: tasks with start ≤ index < end. */
export interface OpenBatch {
  /** From 0. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** When the last task of the batches before it ended; 0 for the first batch. */
  readonly previousEndedMs: number;
}

export interface Standing {
  readonly strategy: Strategy;
  readonly total: number;
  /** Tasks that are queued, sent or running. */
  readonly atWork: number;
  /** Tasks that ended otherwise than with exit code 0, those stopped by this planner left out. */
  readonly failures: number;
  readonly batchCount: number;
  /** undefined: every task is final. */
  readonly batch: OpenBatch | undefined;
  /** No task below this index waits: where the search may begin. */
  readonly firstWaiting: number;
  /** Whether the task at this index waits. */
  readonly isWaiting: (index: number) => boolean;
  /** Whether its node is connected now; others are not given one of few places. */
  readonly isConnected: (index: number) => boolean;
  /** What the fence says of the task at this index; absent: nothing keeps any. */
  readonly leave?: ((index: number) => Leave) | undefined;
  readonly nowMs: number;
}

export interface Decision {
  /** Indexes of the tasks to release, ascending. */
  readonly release: readonly number[];
  readonly phase: 'Running' | 'Paused' | 'Done';
  /** From 1; the batch at work, or the last one finished while paused. 0 when there are no tasks. */
  readonly currentBatch: number;
  /** Cause of the wait, for people; '' when there is none. */
  readonly message: string;
  /** Decide again at this time, even if nothing happens. */
  readonly wakeAtMs?: number;
  /** Tasks that must end as never-started, and why. */
  readonly refuse?: readonly { readonly index: number; readonly why: string }[];
  /** Set when everything not yet handed to an agent must end as never-started; the reason. */
  readonly stop?: string;
}

export const stopPrefix = 'stopped: ';

const sizeOf = (size: IntOrPercent, total: number): number =>
  Math.max(1, typeof size === 'number' ? size : Math.ceil((total * Number.parseInt(size, 10)) / 100));

/** Ends (exclusive) of the batches over `total` tasks, ascending; the last size repeats. No sizes: one batch. */
export const batchEnds = (sizes: readonly IntOrPercent[], total: number): readonly number[] => {
  const ends: number[] = [];
  for (let end = 0; end < total; ) {
    const size = sizes[Math.min(ends.length, sizes.length - 1)];
    end = size === undefined ? total : Math.min(total, end + sizeOf(size, total));
    ends.push(end);
  }
  return ends;
};

/** How many failures are borne; a share is rounded down. Infinity when there is no limit. */
export const failureLimit = (maxFailures: IntOrPercent | undefined, total: number): number => {
  if (maxFailures === undefined) return Number.POSITIVE_INFINITY;
  if (typeof maxFailures === 'number') return maxFailures;
  return Math.floor((total * Number.parseInt(maxFailures, 10)) / 100);
};

const approvalsNeeded = (gate: Strategy['gate'], batch: number): number => {
  if (gate === 'Automatic') return 0;
  return gate === 'AfterFirst' ? Math.min(1, batch) : batch;
};

/** Why the batch may not begin yet, or undefined. */
const heldBack = (s: Standing, batch: OpenBatch): Decision | undefined => {
  const { gate, approvedBatches, pauseSeconds } = s.strategy;
  const held = { release: [], phase: 'Paused', currentBatch: batch.number } as const;
  const done = `batch ${batch.number} of ${s.batchCount} is done`;
  if (approvedBatches < approvalsNeeded(gate, batch.number)) {
    return { ...held, message: `waiting for approval: ${done}` };
  }
  const wakeAtMs = batch.number === 0 ? 0 : batch.previousEndedMs + pauseSeconds * 1000;
  if (s.nowMs >= wakeAtMs) return undefined;
  const until = new Date(wakeAtMs).toISOString().slice(11, 19);
  return { ...held, message: `pausing until ${until} UTC: ${done}`, wakeAtMs };
};

type Choice = Required<Pick<Decision, 'release' | 'refuse'>> & {
  /** Tasks that the fence holds back, why the one that is let go first, and when. */
  readonly held: { readonly count: number; readonly why: string; readonly untilMs: number };
};

/**
 * Without a width the whole batch goes out, connected or not; with one, or with a fence (I5), places go to connected
 * nodes only.
 */
const choose = (s: Standing, batch: OpenBatch): Choice => {
  const limited = s.strategy.width > 0;
  const connectedOnly = limited || s.leave !== undefined;
  let free = limited ? s.strategy.width - s.atWork : s.total;
  const release: number[] = [];
  const refuse: { index: number; why: string }[] = [];
  let held = { count: 0, why: '', untilMs: Number.POSITIVE_INFINITY };
  for (let index = Math.max(batch.start, s.firstWaiting); index < batch.end && free > 0; index++) {
    if (!s.isWaiting(index)) continue;
    const leave = s.leave?.(index) ?? { kind: 'go' };
    if (leave.kind === 'refuse') refuse.push({ index, why: leave.why });
    else if (leave.kind === 'hold') {
      const isFirst = held.count === 0 || leave.untilMs < held.untilMs;
      held = {
        ...held,
        ...(isFirst ? { why: leave.why, untilMs: leave.untilMs } : {}),
        count: held.count + 1,
      };
    } else if (!connectedOnly || s.isConnected(index)) {
      release.push(index);
      free--;
    }
  }
  return { release, refuse, held };
};

/** What goes on in the open batch: Paused when all that is left of it is held back. */
const proceed = (s: Standing, batch: OpenBatch): Decision => {
  const { release, refuse, held } = choose(s, batch);
  const going = { release, refuse, currentBatch: batch.number + 1 };
  if (held.count === 0) return { ...going, phase: 'Running', message: '' };
  const isPaused = s.atWork === 0 && release.length === 0 && refuse.length === 0;
  const message = `${held.count === 1 ? '1 node waits' : `${held.count} nodes wait`}: ${held.why}`;
  const wake = held.untilMs === Number.POSITIVE_INFINITY ? {} : { wakeAtMs: held.untilMs };
  return { ...going, phase: isPaused ? 'Paused' : 'Running', message, ...wake };
};

/** What to release now (I1 to I5). */
export const planRelease = (s: Standing): Decision => {
  const last = { release: [], currentBatch: s.batch ? s.batch.number + 1 : s.batchCount } as const;
  const limit = failureLimit(s.strategy.maxFailures, s.total);
  if (s.failures > limit) {
    const stop = `${stopPrefix}${s.failures} ${s.failures === 1 ? 'failure' : 'failures'} (limit ${limit})`;
    return { ...last, phase: s.batch ? 'Running' : 'Done', message: stop, stop };
  }
  if (!s.batch) return { ...last, phase: 'Done', message: '' };
  const held = heldBack(s, s.batch);
  return held ?? proceed(s, s.batch);
};
