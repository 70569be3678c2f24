// Owns how a task's tuple (sqlite/tasks.ts, taskColumns) becomes a TaskRow.
import type { TaskState } from '@drover/api';
import type { Tuple } from './sql/database.ts';
import type { TaskResult, TaskRow } from './store.ts';

export const toTaskRow = (t: Tuple): TaskRow => ({
  id: String(t[0]),
  work: String(t[1]),
  node: String(t[2]),
  index: Number(t[3]),
  // Only states of the list are ever written (sqlite/tasks.ts).
  state: t[4] as TaskState,
  cancelRequested: t[5] === 1,
  timeoutMs: Number(t[6]),
  createdAtMs: Number(t[7]),
  expiresAtMs: Number(t[8]),
  sentAtMs: Number(t[9]),
  startedAtMs: Number(t[10]),
  finishedAtMs: Number(t[11]),
  journalId: String(t[12]),
  doneBytes: Number(t[13]),
  totalBytes: Number(t[14]),
  message: String(t[15]),
  // Written as JSON of a TaskResult.
  result: typeof t[16] === 'string' ? (JSON.parse(t[16]) as TaskResult) : null,
  change: Number(t[17]),
});
