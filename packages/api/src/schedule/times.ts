// Owns when a schedule is due: the five fields of cron, or a name such as @daily, by the clock on the wall of a time zone.
// I1: a time in the hour that is left out in spring comes when that hour is over; a fixed time in the hour that comes
//     twice in autumn comes once, and what repeats ("*/30") goes on evenly.
// I2: only what every cron knows is taken: no seconds, years, "L", "W", "#" or "?".
// I3: day of month and day of week: where both are limited, either is enough (as crontab(5) has it).
import { Cron } from 'croner';
import { isTimeZone } from '../run-policy/windows.ts';

const nicknames: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

const secondMs = 1_000;
const maxKept = 2_000;
const kept = new Map<string, Cron>();

/** Throws an Error that says what is wrong. */
const cronOf = (schedule: string, timeZone: string): Cron => {
  const key = `${timeZone} ${schedule}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = new Cron(schedule, { timezone: timeZone, mode: '5-part' });
  if (kept.size >= maxKept) kept.clear();
  kept.set(key, made);
  return made;
};

/** I2. */
const isPlain = (schedule: string): boolean =>
  nicknames.has(schedule) ||
  (/^[0-9A-Za-z*,/-]+( +[0-9A-Za-z*,/-]+){4}$/.test(schedule) &&
    (schedule.match(/[A-Za-z]+/g) ?? []).every((word) => word.length === 3));

/** What is wrong with a schedule; undefined when it can be used. The time zone is known. */
const expressionProblem = (schedule: string, timeZone: string): string | undefined => {
  if (!isPlain(schedule))
    return 'must be five fields (minute, hour, day of month, month, day of week) or one of @hourly, @daily, @weekly, @monthly, @yearly';
  try {
    return cronOf(schedule, timeZone).nextRun(new Date(0)) === null ? 'no day is ever like that' : undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
  }
};

/** What is wrong with when it is due, by field. */
export const timesProblem = (
  schedule: string,
  timeZone: string,
): { readonly field: 'schedule' | 'timeZone'; readonly message: string } | undefined => {
  if (!isTimeZone(timeZone))
    return { field: 'timeZone', message: `"${timeZone}" is no time zone known here` };
  const message = expressionProblem(schedule, timeZone);
  return message === undefined ? undefined : { field: 'schedule', message };
};

/** The next times after `afterMs`, in order: at most `count`. The schedule has been checked. */
export const nextTimes = (
  schedule: string,
  timeZone: string,
  afterMs: number,
  count: number,
): readonly number[] =>
  cronOf(schedule, timeZone)
    .nextRuns(count, new Date(afterMs))
    .map((time) => time.getTime());

/** The last time that is not after `atMs`; undefined when there is none. The schedule has been checked. */
export const lastTime = (schedule: string, timeZone: string, atMs: number): number | undefined => {
  const after = Math.floor(atMs / secondMs) * secondMs + secondMs;
  return cronOf(schedule, timeZone).previousRuns(1, new Date(after))[0]?.getTime();
};
