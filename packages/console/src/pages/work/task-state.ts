// Owns the words in which the pages of runs and transfers tell where a node stands: those of status.counts, so that numbers and rows agree.
import type { TaskState } from '@drover/api/task-states';
import type { Work } from './work.ts';

/** What needs looking at first. */
export const nodeStates = [
  'failed',
  'signalled',
  'timedOut',
  'lost',
  'unreachable',
  'neverStarted',
  'cancelled',
  'running',
  'queued',
  'waiting',
  'succeeded',
] as const;
export type NodeState = (typeof nodeStates)[number];

export type Tone = 'success' | 'danger' | 'warning' | 'info' | 'none';

export const toneOf: Readonly<Record<NodeState, Tone>> = {
  failed: 'danger',
  signalled: 'danger',
  timedOut: 'danger',
  lost: 'danger',
  unreachable: 'warning',
  neverStarted: 'warning',
  cancelled: 'warning',
  running: 'info',
  queued: 'none',
  waiting: 'none',
  succeeded: 'success',
};

const words: Readonly<Record<Exclude<TaskState, 'exited'>, NodeState>> = {
  waiting: 'waiting',
  queued: 'queued',
  sent: 'running',
  running: 'running',
  signalled: 'signalled',
  'timed-out': 'timedOut',
  cancelled: 'cancelled',
  unreachable: 'unreachable',
  'never-started': 'neverStarted',
  lost: 'lost',
};

export const toNodeState = (state: TaskState, exitCode: number | undefined): NodeState =>
  state === 'exited' ? (exitCode === 0 ? 'succeeded' : 'failed') : words[state];

type Counts = NonNullable<NonNullable<Work['status']>['counts']>;

/** How many nodes are done, and of how many. */
export const progressOf = (counts: Counts | undefined): { readonly done: number; readonly total: number } => {
  if (counts === undefined) return { done: 0, total: 0 };
  const { total, waiting, queued, running } = counts;
  return { done: total - waiting - queued - running, total };
};
