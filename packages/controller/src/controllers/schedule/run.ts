// Owns the run that a schedule makes for one of its times. Pure.
// I1: its name follows from the schedule and the time: whoever is killed between making it and writing that down finds it
//     made already, and makes no second one.
import {
  ApiError,
  causeWords,
  type KubeObject,
  type LaterRequester,
  renderSchedule,
  type SavedCommand,
  type Schedule,
  toScheduleRun,
} from '@drover/api';
import { toTimestamp } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/ids.ts';

/** nightly-20261126-0130-3f2a9c: the time is in UTC, where none comes twice (I1). */
export const runNameOf = ({ metadata: { name = '', uid = '' } }: Schedule, dueMs: number): string => {
  const time = toTimestamp(dueMs).replace(/[-:]/g, '');
  return `${name}-${time.slice(0, 8)}-${time.slice(9, 13)}-${sha256Hex(uid).slice(0, 6)}`;
};

export interface PlannedRun {
  readonly run: KubeObject;
  /** Who else answers for what it does. */
  readonly author?: LaterRequester | undefined;
}

/** `saved`: the command that it names, as it is now. Throws ApiError Invalid. */
export const toPlannedRun = (
  schedule: Schedule,
  saved: SavedCommand | undefined,
  dueMs: number,
): PlannedRun => {
  const rendered = renderSchedule(schedule, saved);
  if (rendered.kind === 'refused') {
    const causes = rendered.causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause }));
    throw new ApiError('Invalid', `cannot run: ${causeWords(rendered.causes)}`, { causes });
  }
  return {
    run: toScheduleRun(schedule, rendered.spec, { name: runNameOf(schedule, dueMs) }),
    author: schedule.spec.run === undefined ? saved?.spec.requester : undefined,
  };
};
