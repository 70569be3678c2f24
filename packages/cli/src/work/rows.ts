// Owns what the command line says about tasks: whether one is still going on, ended well, and in which word.
import type { TaskState } from '@drover/api';
import { commandRuns, fileTransfers, type KindReference, type Task, type Work } from '@drover/client';

export type WorkPlural = 'commandruns' | 'filetransfers';

export const workKinds: Readonly<Record<WorkPlural, KindReference<Work>>> = {
  commandruns: commandRuns,
  filetransfers: fileTransfers,
};

const liveStates: readonly string[] = ['waiting', 'queued', 'sent', 'running'];
export const isLive = (state: TaskState): boolean => liveStates.includes(state);

const finalPhases: readonly (string | undefined)[] = ['Succeeded', 'Failed', 'Cancelled'];
/** Whether nothing of it changes any more. */
export const isOver = (work: Work | undefined): boolean => finalPhases.includes(work?.status?.phase);

export const isSuccess = (task: Pick<Task, 'state' | 'result'>): boolean =>
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
