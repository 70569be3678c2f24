// Owns which finished runs of a schedule are kept. Pure.
import type { CommandRun, ScheduleSpec } from '@drover/api';
import { isActive, newestFirst } from './status.ts';

/** The finished runs beyond the limits, the oldest first left out; those that are going already are not named. */
export const planHistory = (
  runs: readonly CommandRun[],
  {
    successfulRunsHistoryLimit,
    failedRunsHistoryLimit,
  }: Pick<ScheduleSpec, 'successfulRunsHistoryLimit' | 'failedRunsHistoryLimit'>,
): readonly CommandRun[] => {
  const over = newestFirst(runs).filter(
    (run) => !isActive(run) && run.metadata.deletionTimestamp === undefined,
  );
  const isGood = ({ status }: CommandRun): boolean => status?.phase === 'Succeeded';
  return [
    ...over.filter(isGood).slice(successfulRunsHistoryLimit),
    ...over.filter((run) => !isGood(run)).slice(failedRunsHistoryLimit),
  ];
};
