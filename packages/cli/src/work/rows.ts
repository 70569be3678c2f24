// Owns the shapes of what a CommandRun or FileTransfer tells beyond its object (docs/protocol.md section 1).
import type { CommandRun, Counts, FileTransfer, KubeObject, TaskState } from '@drover/api';

export type Work = CommandRun | FileTransfer;

/** An object that is known to be a run or a transfer, because it was asked for by that path. */
export const toWork = (object: KubeObject): Work => object as unknown as Work;

export interface TaskResult {
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutDropped: number;
  readonly stderrDropped: number;
  readonly survivors: number;
  readonly detail: unknown;
}

export interface TaskRow {
  readonly id: string;
  readonly node: string;
  readonly index: number;
  readonly state: TaskState;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly message: string;
  readonly result: TaskResult | null;
  readonly change: number;
}

export type ResultEvent =
  | { readonly type: 'TASK'; readonly task: TaskRow }
  | { readonly type: 'STATUS'; readonly object: Work }
  | { readonly type: 'END' };

export interface LogEntry {
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly timeMs: number;
  /** base64 */
  readonly data: string;
  readonly cursor: number;
}

export interface FoldGroup {
  readonly state: TaskState;
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly nodeSet: string;
  readonly count: number;
  /** base64, the first 64 KiB */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export interface Fold {
  readonly groups: readonly FoldGroup[];
  readonly silent: string;
}

export interface ResultPage {
  readonly items: readonly TaskRow[];
  readonly counts: Counts;
  readonly cursor: number;
  readonly continue?: string;
}

const liveStates: readonly string[] = ['waiting', 'queued', 'sent', 'running'];
export const isLive = (state: TaskState): boolean => liveStates.includes(state);

export const isSuccess = (task: Pick<TaskRow, 'state' | 'result'>): boolean =>
  task.state === 'exited' && task.result?.exitCode === 0;

/** How a task ended, in the closed list of words: 'exited 3', 'signalled 9', 'timed-out', 'unreachable' ... */
export const toEnding = (ending: {
  readonly state: TaskState;
  readonly exitCode: number;
  readonly signal: number;
}): string => {
  if (ending.state === 'exited') return ending.exitCode === 0 ? 'ok' : `exited ${ending.exitCode}`;
  return ending.state === 'signalled' ? `signalled ${ending.signal}` : ending.state;
};
