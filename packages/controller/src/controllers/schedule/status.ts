// Owns how a schedule and its runs read in `status`. Pure.
import {
  type CommandRun,
  type Condition,
  isEqualJson,
  type KubeObject,
  type Schedule,
  type ScheduleStatus,
} from '@drover/api';
import { toTimestamp } from '../../platform/clock.ts';
import { isFinalPhase } from '../work/work.ts';

/** What a look at the schedule has come to. */
export interface Outcome {
  /** The time that is done with; absent: none is. */
  readonly settledMs?: number;
  /** Whether a run was made for it. */
  readonly isMade?: boolean;
  /** Why it does not run, in one word and in a sentence; absent: as it was; 'none': nothing stands in its way. */
  readonly hindrance?: { readonly reason: string; readonly message: string } | 'none';
}

export const isActive = ({ status }: CommandRun): boolean => !isFinalPhase(status);

/** Newest first. */
export const newestFirst = (runs: readonly CommandRun[]): readonly CommandRun[] =>
  [...runs].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1,
  );

export const readyOf = ({ status }: Schedule): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready');

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  (a ?? '') > (b ?? '') ? a : b;

/** A suspended schedule says so; a change of it makes what hindered it before forgotten. */
const toCondition = (schedule: Schedule, { hindrance }: Outcome, now: string): Condition => {
  const before = readyOf(schedule);
  const isChanged = schedule.status?.observedGeneration !== schedule.metadata.generation;
  const kept = before?.status === 'False' && before.reason !== 'Suspended' && !isChanged ? before : undefined;
  const why = schedule.spec.suspend
    ? { reason: 'Suspended', message: '' }
    : hindrance === 'none'
      ? undefined
      : (hindrance ?? kept);
  const status = why === undefined ? 'True' : 'False';
  return {
    type: 'Ready',
    status,
    reason: why?.reason ?? 'Scheduled',
    message: why?.message ?? '',
    lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? now) : now,
  };
};

const defined = (fields: ScheduleStatus | { readonly [name: string]: unknown }): ScheduleStatus =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const toReference = ({
  apiVersion,
  kind,
  metadata: { namespace = '', name = '', uid = '' },
}: CommandRun) => ({
  apiVersion,
  kind,
  namespace,
  name,
  uid,
});

/** `runs`: those of the schedule that there are. */
export const toScheduleStatus = (input: {
  readonly schedule: Schedule;
  readonly runs: readonly CommandRun[];
  readonly outcome: Outcome;
  readonly nextMs: number | undefined;
  readonly nowMs: number;
}): ScheduleStatus => {
  const { schedule, runs, outcome, nextMs, nowMs } = input;
  const before = schedule.status ?? {};
  const settled = outcome.settledMs === undefined ? undefined : toTimestamp(outcome.settledMs);
  const succeeded = runs.filter(({ status }) => status?.phase === 'Succeeded');
  const [newest] = newestFirst(runs);
  return defined({
    observedGeneration: schedule.metadata.generation,
    lastScheduleTime: later(before.lastScheduleTime, outcome.isMade === true ? settled : undefined),
    lastSuccessfulTime: succeeded.reduce(
      (last, { status }) => later(last, status?.completionTime),
      before.lastSuccessfulTime,
    ),
    nextScheduleTime: nextMs === undefined ? undefined : toTimestamp(nextMs),
    settledTime: later(before.settledTime, settled),
    lastRun:
      newest === undefined
        ? before.lastRun
        : { name: newest.metadata.name ?? '', phase: newest.status?.phase ?? 'Pending' },
    active: runs.filter(isActive).map(toReference),
    conditions: [toCondition(schedule, outcome, toTimestamp(nowMs))],
  });
};

/** The schedule with its status; undefined when that says nothing new. */
export const withStatus = (object: KubeObject, status: ScheduleStatus): KubeObject | undefined =>
  isEqualJson(object['status'], status) ? undefined : { ...object, status };
