import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastTime, nextTimes, timesProblem } from './times.ts';

const at = (text: string): number => Date.parse(text);
const next = (schedule: string, timeZone: string, after: string, count = 2): readonly string[] =>
  nextTimes(schedule, timeZone, at(after), count).map((ms) => new Date(ms).toISOString().slice(0, 16));
const zurich = 'Europe/Zurich';

test('a time is one of the clock on the wall, in summer and in winter', () => {
  expect(next('30 2 * * *', zurich, '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T00:30']);
  expect(next('30 2 * * *', zurich, '2026-12-01T00:00:00Z', 1)).toEqual(['2026-12-01T01:30']);
  expect(next('@daily', 'Asia/Shanghai', '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T16:00']);
});

test('in the hour that is left out in spring it comes when that hour is over', () => {
  const times = next('30 2 * * *', zurich, '2026-03-28T12:00:00Z');
  expect(times).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
});

test('in the hour that comes twice in autumn a fixed time comes once, and what repeats goes on', () => {
  const fixed = next('30 2 * * *', zurich, '2026-10-24T12:00:00Z');
  expect(fixed).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
  const hourly = next('0 * * * *', zurich, '2026-10-24T23:30:00Z', 3);
  expect(hourly).toEqual(['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00']);
});

test('day of month and day of week: either is enough', () => {
  const times = next('0 0 1 * 1', 'UTC', '2026-12-30T00:00:00Z', 3);
  expect(times).toEqual(['2027-01-01T00:00', '2027-01-04T00:00', '2027-01-11T00:00']);
});

test.each([
  ['* * * *', 'UTC', 'schedule', 'must be five fields'],
  ['0 0 * * * *', 'UTC', 'schedule', 'must be five fields'],
  ['0 0 L * *', 'UTC', 'schedule', 'must be five fields'],
  ['0 0 ? * *', 'UTC', 'schedule', 'must be five fields'],
  ['0 0 * * 5#2', 'UTC', 'schedule', 'must be five fields'],
  ['@reboot', 'UTC', 'schedule', 'must be five fields'],
  ['TZ=UTC 0 0 * * *', 'UTC', 'schedule', 'must be five fields'],
  ['60 * * * *', 'UTC', 'schedule', 'minute'],
  ['0 0 30 2 *', 'UTC', 'schedule', 'no day is ever like that'],
  ['@daily', 'Nowhere/Else', 'timeZone', '"Nowhere/Else" is no time zone known here'],
])('%s in %s is refused', (schedule, timeZone, field, message) => {
  const problem = timesProblem(schedule, timeZone);
  expect(problem?.field).toBe(field);
  expect(problem?.message).toContain(message);
});

const schedules = fc.oneof(
  fc.constantFrom('@hourly', '@daily', '@weekly', '@monthly', '*/7 * * * *', '0 2,3 * * 1-5', '30 2 1 * *'),
  fc
    .tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }))
    .map(([minute, hour]) => `${minute} ${hour} * * *`),
);
const zones = fc.constantFrom('UTC', zurich, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Shanghai');
// Days around which clocks change somewhere, and others.
const moments = fc
  .tuple(
    fc.constantFrom(
      '2026-03-08',
      '2026-03-29',
      '2026-04-05',
      '2026-10-04',
      '2026-10-25',
      '2026-11-01',
      '2026-06-15',
    ),
    fc.integer({ min: -86_400_000, max: 86_400_000 }),
  )
  .map(([day, shift]) => at(`${day}T03:00:00Z`) + shift);

test('looking back finds what looking forward said, also where clocks change', () => {
  fc.assert(
    fc.property(schedules, zones, moments, (schedule, zone, afterMs) => {
      const [first, second] = nextTimes(schedule, zone, afterMs, 2);
      if (first === undefined || second === undefined) throw new Error('it comes again and again');
      expect(first).toBeGreaterThan(afterMs);
      expect(second).toBeGreaterThan(first);
      expect(lastTime(schedule, zone, first)).toBe(first);
      expect(lastTime(schedule, zone, second - 1)).toBe(first);
    }),
    { numRuns: 300 },
  );
});
