// Owns how the state of the tasks reads in `status`. Pure.
// I1: conditions follow Kubernetes' Job: Complete is True when everything succeeded, Failed when it ended otherwise.
import { type Condition, emptyCounts, foldNodeSet, type WorkPhase, type WorkStatus } from '@drover/api';
import type { Progress } from '../../engine/engine.ts';
import { toTimestamp } from '../../platform/clock.ts';
import { type ApprovalStep, decisionsOn } from './approval.ts';
import type { Work } from './work.ts';

const longestNodeSet = 300;

const phaseOf = (progress: Progress, cancelled: boolean): WorkPhase => {
  const { counts, live } = progress;
  if (live > 0) return cancelled ? 'Cancelling' : progress.phase === 'Paused' ? 'Paused' : 'Running';
  if (counts.succeeded === counts.total) return 'Succeeded';
  return cancelled && counts.cancelled > 0 ? 'Cancelled' : 'Failed';
};

const shorten = (text: string): string =>
  text.length <= longestNodeSet ? text : `${text.slice(0, longestNodeSet)}...`;

const absentMessage = (absent: readonly string[], absence: (node: string) => string): string => {
  const [first] = absent;
  if (first === undefined) return '';
  if (absent.length === 1) return `waiting for node ${first}: ${absence(first)}`;
  return `waiting for ${absent.length} nodes that are not connected: ${shorten(foldNodeSet(absent))}`;
};

const messageOf = (progress: Progress, phase: WorkPhase, absence: (node: string) => string): string => {
  const { succeeded, total } = progress.counts;
  if (phase === 'Failed') return progress.message || `failed on ${total - succeeded} of ${total} nodes`;
  if (phase === 'Succeeded' || phase === 'Cancelled') return '';
  return progress.message || absentMessage(progress.absent, absence);
};

const toConditions = (phase: WorkPhase, message: string, work: Work, now: string): Condition[] => {
  const ended = { Succeeded: 'Complete', Failed: 'Failed', Cancelled: 'Failed' } as const;
  const isTrue = phase in ended ? ended[phase as keyof typeof ended] : undefined;
  return (['Complete', 'Failed'] as const).map((type) => {
    const status = type === isTrue ? 'True' : 'False';
    const before = work.status?.conditions?.find((condition) => condition.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { type, status, reason: phase, message, lastTransitionTime: since ?? now };
  });
};

const compose = (
  work: Work,
  nowMs: number,
  status: WorkStatus & { readonly phase: WorkPhase },
): WorkStatus => {
  const now = toTimestamp(nowMs);
  return {
    observedGeneration: work.metadata.generation ?? 1,
    startTime: work.status?.startTime ?? now,
    ...(work.status?.approval === undefined ? {} : { approval: work.status.approval }),
    ...status,
    conditions: [...decisionsOn(work), ...toConditions(status.phase, status.message ?? '', work, now)],
  };
};

/** The status of work whose tasks stand as `progress` says. `cancelled`: it is to end, by spec.cancel or deletion. */
export const toWorkStatus = (input: {
  readonly work: Work;
  readonly progress: Progress;
  readonly cancelled: boolean;
  readonly absence: (node: string) => string;
  readonly nowMs: number;
}): WorkStatus => {
  const { work, progress, nowMs } = input;
  const phase = phaseOf(progress, input.cancelled);
  return compose(work, nowMs, {
    phase,
    counts: progress.counts,
    currentBatch: progress.currentBatch,
    message: messageOf(progress, phase, input.absence),
    ...(progress.live === 0 ? { completionTime: toTimestamp(nowMs) } : {}),
  });
};

/** The status of work that has no tasks: it could not be started, or there was nothing to do. */
export const toEmptyStatus = (
  work: Work,
  phase: 'Succeeded' | 'Failed' | 'Cancelled',
  message: string,
  nowMs: number,
): WorkStatus =>
  compose(work, nowMs, { phase, counts: emptyCounts, message, completionTime: toTimestamp(nowMs) });

/** The status of work on `nodes` nodes that waits for somebody to approve it. */
export const toPendingStatus = (
  work: Work,
  { approval, message }: Extract<ApprovalStep, { kind: 'wait' }>,
  nodes: number,
  nowMs: number,
): WorkStatus =>
  compose(work, nowMs, {
    phase: 'Pending',
    counts: { ...emptyCounts, total: nodes, waiting: nodes },
    message,
    approval,
  });
