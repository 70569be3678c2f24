// Owns the rows that the engine itself writes: new tasks, and ends that no agent reports. Pure.
import { type FinalTaskState, noResult } from '@drover/api';
import type { FinishedTask, NewTask, TaskRow } from '../store/store.ts';

/** The id of the task at `index`: the same however often the work is submitted. */
export const toTaskId = (work: string, index: number): string => `${work}-${index}`;

/** The row that a new task becomes; `change` 0 is older than any row of the store. */
export const toWaitingRow = (work: string, task: Omit<NewTask, 'state'>): TaskRow => ({
  ...task,
  work,
  state: 'waiting',
  cancelRequested: false,
  sentAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: 0,
  journalId: '',
  doneBytes: 0,
  totalBytes: 0,
  message: '',
  result: null,
  change: 0,
});

/** The end of a task of which no agent will report one. */
export const toEnd = (id: string, state: FinalTaskState, reason: string, nowMs: number): FinishedTask => ({
  id,
  state,
  startedAtMs: 0,
  finishedAtMs: nowMs,
  result: { ...noResult, reason },
});
