// Owns what becomes of the times of a schedule. Pure.
// I1: of the times that passed while nobody looked only the last counts: whatever was missed, at most one run makes up for it.
// I2: times up to the settled one, before it was made or changed, and while it was suspended never count.
// I3: a time whose run could not begin within the deadline is missed.
// I4: while a run is going on, Forbid waits for its end, and Replace cancels it and waits: two never run at once.
import { lastTime, nextTimes, type Schedule } from '@drover/api';

export interface ScheduleFacts {
  readonly schedule: Schedule;
  /** Runs of it that are going on. */
  readonly active: number;
  readonly nowMs: number;
}

export type ScheduleStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'run'; readonly dueMs: number }
  /** I3. */
  | { readonly kind: 'miss'; readonly dueMs: number }
  /** I4. */
  | { readonly kind: 'wait'; readonly dueMs: number; readonly cancels: boolean };

const timeOf = (text: string | null | undefined): number => Date.parse(text ?? '') || 0;

/** I2. */
const settledMs = ({ metadata, spec, status }: Schedule): number =>
  Math.max(timeOf(metadata.creationTimestamp), timeOf(spec.requester?.time), timeOf(status?.settledTime));

const deadlineMs = ({ spec }: Schedule): number =>
  (spec.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000;

export const planStep = ({ schedule, active, nowMs }: ScheduleFacts): ScheduleStep => {
  const { spec } = schedule;
  if (spec.suspend) return { kind: 'none' };
  const dueMs = lastTime(spec.schedule, spec.timeZone, nowMs); // I1
  if (dueMs === undefined || dueMs <= settledMs(schedule)) return { kind: 'none' };
  if (nowMs - dueMs > deadlineMs(schedule)) return { kind: 'miss', dueMs };
  if (active === 0 || spec.concurrencyPolicy === 'Allow') return { kind: 'run', dueMs };
  return { kind: 'wait', dueMs, cancels: spec.concurrencyPolicy === 'Replace' };
};

/** When it is due next; undefined: it is suspended, or never again. */
export const nextDueMs = ({ schedule: { spec }, nowMs }: Pick<ScheduleFacts, 'schedule' | 'nowMs'>) =>
  spec.suspend ? undefined : nextTimes(spec.schedule, spec.timeZone, nowMs, 1)[0];

/** When to look again if nothing happens before; undefined: only then. */
export const nextLookMs = (facts: ScheduleFacts, step: ScheduleStep): number | undefined => {
  const next = nextDueMs(facts);
  if (step.kind !== 'wait' || next === undefined) return next;
  return Math.min(next, step.dueMs + deadlineMs(facts.schedule) + 1);
};
