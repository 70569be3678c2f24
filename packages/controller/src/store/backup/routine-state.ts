// Owns what is remembered of the backups by the clock: one value in the rows of the controller.
// I1: it is of one directory and one schedule: with another directory the files of the former are nobody's, and with
//     another schedule nothing is due that was not due by the former.
import type { BackupFile, BackupSchedule } from '@drover/api';
import { lastTime, nextTimes } from '@drover/api';
import type { Store } from '../store.ts';

export interface RoutineState {
  readonly directory: string;
  readonly schedule: string;
  readonly timeZone: string;
  /** All that was due until then has been made. */
  readonly settledMs: number;
  /** Ours in the directory, newest first. */
  readonly files: readonly BackupFile[];
  /** What is being written begins with this name; after a crash it is taken away. */
  readonly writing?: string | undefined;
  readonly lastSuccess?: BackupSchedule['lastSuccess'];
  readonly lastFailure?: BackupSchedule['lastFailure'];
}

export interface Times {
  readonly directory: string;
  readonly schedule: string;
  readonly timeZone: string;
}

const metaKey = 'backup/routine';
/** After a failure, such as a full disk or a share that is away. */
export const retryMs = 600_000;

export const loadState = async (meta: Store['meta'], times: Times, nowMs: number): Promise<RoutineState> => {
  const text = await meta.get(metaKey);
  const fresh: RoutineState = { ...times, settledMs: nowMs, files: [] };
  if (text === undefined) return fresh;
  // Written by saveState.
  const known = JSON.parse(text) as RoutineState;
  const { directory, schedule, timeZone } = times;
  const isSameTime = known.schedule === schedule && known.timeZone === timeZone;
  const settledMs = isSameTime ? known.settledMs : nowMs;
  if (known.directory === directory) return { ...known, ...times, settledMs };
  return { ...fresh, settledMs, lastSuccess: known.lastSuccess, lastFailure: known.lastFailure };
};

export const saveState = (meta: Store['meta'], state: RoutineState): Promise<void> =>
  meta.set(metaKey, JSON.stringify(state));

/** When the next is to be made; not after `nowMs`: now. */
export const nextMs = (state: RoutineState, nowMs: number): number => {
  const { schedule, timeZone, settledMs, lastFailure } = state;
  const due = lastTime(schedule, timeZone, nowMs);
  if (due === undefined || due <= settledMs)
    return nextTimes(schedule, timeZone, nowMs, 1)[0] ?? Number.POSITIVE_INFINITY;
  const failedMs = lastFailure === undefined ? 0 : Date.parse(lastFailure.at);
  return failedMs >= due ? failedMs + retryMs : due;
};
