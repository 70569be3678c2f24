// Owns a task as the API shows it: one node's share of a CommandRun or FileTransfer.
import type { TaskState } from './task-states.ts';

/** How a task ended. */
export interface TaskResult {
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly userMs: number;
  readonly systemMs: number;
  readonly maxRssKib: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutDropped: number;
  readonly stderrDropped: number;
  readonly survivors: number;
  /** Transfers: what was done (docs/protocol.md); else null. */
  readonly detail: unknown;
}

/** Of a task of which no agent has reported anything. */
export const noResult: TaskResult = {
  exitCode: 0,
  signal: 0,
  reason: '',
  userMs: 0,
  systemMs: 0,
  maxRssKib: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutDropped: 0,
  stderrDropped: 0,
  survivors: 0,
  detail: null,
};

/** Times are 0 while they have not come. */
export interface Task {
  readonly id: string;
  /** uid of the CommandRun or FileTransfer. */
  readonly work: string;
  readonly node: string;
  /** Position in the work's node list; batches are counted along it. */
  readonly index: number;
  readonly state: TaskState;
  readonly cancelRequested: boolean;
  readonly timeoutMs: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly sentAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Cause of the present wait, for people, e.g. 'waiting for node n7: not connected since 12:04'. */
  readonly message: string;
  readonly result: TaskResult | null;
  /** Counts every change of any task in the store; a cursor for watchers. */
  readonly change: number;
}

/** How many tasks of a work are in each state; exited is split by exit code 0. */
export type TaskCounts = Readonly<Record<Exclude<TaskState, 'exited'> | 'succeeded' | 'failed', number>>;
