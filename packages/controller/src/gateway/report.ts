// Owns what an agent says about its tasks, from the wire to rows.
// I1: an agent speaks for the tasks of its own node only; what it says of others is dropped and logged.
// I2: no report is refused for what one item in it says: a report that can never be taken would be sent for ever.
import { type FinalTaskState, finalTaskStates } from '@drover/api';
import type { ControllerService, OutputChunk, TaskResult } from '@drover/api/wire';
import type { FinishedTask, OutputRow, TaskStore } from '../store/store.ts';

type WireReport = Parameters<ControllerService['report']>[0];
type StoreReport = Parameters<TaskStore['report']>[0];

const reasonLength = 16_384;
const outcomes: readonly string[] = finalTaskStates.filter((state) => state !== 'unreachable');

const toState = (outcome: string): FinalTaskState | undefined =>
  outcomes.includes(outcome) ? (outcome as FinalTaskState) : undefined; // checked against the list

const toDetail = (json: string): unknown => {
  if (json === '') return null;
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
};

/** An outcome that is no word of ours becomes lost, with what was said as the reason. */
const toFinishedTask = (result: TaskResult): FinishedTask => {
  const { taskId, outcome, startedAtMs, finishedAtMs, detail, reason, ...figures } = result;
  const state = toState(outcome);
  const why = state ? reason : `the agent reported an outcome that is not known here: ${outcome} ${reason}`;
  return {
    id: taskId,
    state: state ?? 'lost',
    startedAtMs,
    finishedAtMs,
    result: { ...figures, reason: why.slice(0, reasonLength), detail: toDetail(detail) },
  };
};

const toOutputRow = ({ taskId, stream, offset, timeMs, data }: OutputChunk): OutputRow | undefined =>
  (stream === 1 || stream === 2) && offset >= 0 ? { taskId, stream, offset, timeMs, data } : undefined;

/** Every task id a report speaks of. */
export const reportedTasks = (report: WireReport): ReadonlySet<string> => {
  const items = [...report.output, ...report.started, ...report.progress, ...report.results];
  return new Set(items.map((item) => item.taskId));
};

/** The part of a report that is about `own` tasks, as the store takes it. */
export const toStoreReport = (report: WireReport, isOwn: (taskId: string) => boolean): StoreReport => {
  const own = <T extends { readonly taskId: string }>(items: readonly T[]): readonly T[] =>
    items.filter((item) => isOwn(item.taskId));
  return {
    output: own(report.output)
      .map(toOutputRow)
      .filter((row) => row !== undefined),
    started: own(report.started).map(({ taskId, timeMs }) => ({ id: taskId, timeMs })),
    progress: own(report.progress).map(({ taskId, doneBytes, totalBytes }) => ({
      id: taskId,
      doneBytes,
      totalBytes,
    })),
    results: own(report.results).map(toFinishedTask),
  };
};
