// Owns the states of a task; apart from the schemas, for threads that must stay small.
// I1: the lists are closed; each final state is a different word for a different truth.

/** Not final, in this order: */
export const liveTaskStates = ['waiting', 'queued', 'sent', 'running'] as const;
/**
 * Final states.
 * exited: the command ended by itself (see exitCode; 0 is success; for transfers exitCode 0 = done).
 * signalled: killed by a signal that Drover did not send. timed-out: killed by Drover at its timeout.
 * cancelled: killed by Drover on request, or never started because of the request.
 * unreachable: the node was not connected and the run did not want to wait.
 * never-started: refused before start (reason says why: expired, unknown user, no such file, policy ...).
 * lost: it was started, but its outcome cannot be known any more (reason says why: power cut, journal lost).
 */
export const finalTaskStates = [
  'exited',
  'signalled',
  'timed-out',
  'cancelled',
  'unreachable',
  'never-started',
  'lost',
] as const;
export type TaskState = (typeof liveTaskStates)[number] | (typeof finalTaskStates)[number];
export type FinalTaskState = (typeof finalTaskStates)[number];

export const isFinal = (state: TaskState): state is FinalTaskState =>
  (finalTaskStates as readonly string[]).includes(state);
