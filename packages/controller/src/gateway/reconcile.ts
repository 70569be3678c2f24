// Owns what is decided about a node's tasks when its agent connects. Pure.
// I1: a task is sent again only when the same journal proves that it was never accepted: at most once.
// I2: what was perhaps started and is not known to the agent any more ends as lost, with the reason.
import { noResult } from '@drover/api/task';
import type { Hello } from '@drover/api/wire';
import type { FinishedTask, TaskRow } from '../store/store.ts';

export interface ReconcilePlan {
  /** Known to the agent and finished there, of no more use here: it may forget them. */
  readonly forget: readonly string[];
  /** Known to the agent, still at work, not wished here any more. */
  readonly cancel: readonly string[];
  /** Were sent, never arrived: back to the queue. */
  readonly requeue: readonly string[];
  readonly lost: readonly FinishedTask[];
}

/** A task that ends without a report from its agent. */
export const toFinished = (
  row: Pick<TaskRow, 'id' | 'startedAtMs'>,
  state: 'lost' | 'never-started',
  reason: string,
  nowMs: number,
): FinishedTask => ({
  id: row.id,
  state,
  startedAtMs: row.startedAtMs,
  finishedAtMs: nowMs,
  result: { ...noResult, exitCode: -1, reason },
});

const lostReason = (row: TaskRow, hello: Pick<Hello, 'journalId'>): string =>
  row.journalId === hello.journalId
    ? 'the agent does not know it any more: its journal has no such task'
    : 'the agent lost its journal (reinstalled, or its disk was replaced)';

/**
 * `live`: all sent and running rows of the node. `others`: for known ids that are not among them, the row, or
 * undefined when there is none (its work was deleted).
 */
export const planReconcile = (
  hello: Pick<Hello, 'tasks' | 'journalId'>,
  live: readonly TaskRow[],
  others: ReadonlyMap<string, TaskRow | undefined>,
  nowMs: number,
): ReconcilePlan => {
  const known = new Map(hello.tasks.map((task) => [task.taskId, task.state]));
  const ended = hello.tasks.filter(({ taskId }) => others.has(taskId) && !isQueued(others.get(taskId)));
  const unknown = live.filter((row) => !known.has(row.id));
  const isResent = (row: TaskRow) => row.state === 'sent' && row.journalId === hello.journalId;
  return {
    forget: ended.filter((task) => task.state === 'finished').map((task) => task.taskId),
    cancel: [
      ...ended.filter((task) => task.state !== 'finished').map((task) => task.taskId),
      ...live.filter((row) => row.cancelRequested && known.has(row.id)).map((row) => row.id),
    ],
    requeue: unknown.filter(isResent).map((row) => row.id),
    lost: unknown
      .filter((row) => !isResent(row))
      .map((row) => toFinished(row, 'lost', lostReason(row, hello), nowMs)),
  };
};

/** Sending it again is harmless: an agent does not start a known id a second time. */
const isQueued = (row: TaskRow | undefined): boolean => row?.state === 'queued' || row?.state === 'waiting';
