import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpen, isTimeZone, opensAtMs, type RunWindow } from './windows.ts';

const at = (text: string): number => Date.parse(text);
const zurich = (from: string, to: string, days?: RunWindow['days']): readonly RunWindow[] => [
  { from, to, timeZone: 'Europe/Zurich', ...(days === undefined ? {} : { days }) },
];
const opens = (windows: readonly RunWindow[], from: string): string =>
  new Date(opensAtMs(windows, at(from))).toISOString();

test('office hours are those of the wall clock, in summer and in winter', () => {
  const office = zurich('08:00', '18:00', ['Mon', 'Tue', 'Wed', 'Thu', 'Fri']);
  expect(isOpen(office, at('2026-01-12T06:59:59Z'))).toBe(false);
  expect(isOpen(office, at('2026-01-12T07:00:00Z'))).toBe(true);
  expect(isOpen(office, at('2026-07-13T06:00:00Z'))).toBe(true);
  expect(isOpen(office, at('2026-07-13T16:00:00Z'))).toBe(false);
  expect(isOpen(office, at('2026-07-12T08:00:00Z'))).toBe(false); // a Sunday
});

test('the next opening is found over a weekend, and over the change of the clocks', () => {
  const office = zurich('08:00', '18:00', ['Mon', 'Tue', 'Wed', 'Thu', 'Fri']);
  expect(opens(office, '2026-01-09T20:00:00Z')).toBe('2026-01-12T07:00:00.000Z');
  // Clocks go forward on Sunday, 29 March 2026.
  expect(opens(office, '2026-03-27T20:00:00Z')).toBe('2026-03-30T06:00:00.000Z');
});

test('a window that begins in the hour left out in spring opens when that hour is over', () => {
  const night = zurich('02:30', '05:00');
  expect(opens(night, '2026-03-29T00:30:00Z')).toBe('2026-03-29T01:00:00.000Z');
  expect(isOpen(night, at('2026-03-29T00:59:00Z'))).toBe(false);
  expect(isOpen(night, at('2026-03-29T01:00:00Z'))).toBe(true);
});

test('a window in the hour that comes twice in autumn is open twice', () => {
  const short = zurich('02:15', '02:45');
  for (const time of ['2026-10-25T00:20:00Z', '2026-10-25T01:20:00Z'])
    expect(isOpen(short, at(time))).toBe(true);
  expect(isOpen(short, at('2026-10-25T00:50:00Z'))).toBe(false);
  expect(opens(short, '2026-10-25T00:50:00Z')).toBe('2026-10-25T01:15:00.000Z');
});

test('a window over midnight belongs to the day on which it begins', () => {
  const night = zurich('22:00', '04:00', ['Fri']);
  expect(isOpen(night, at('2026-01-09T21:30:00Z'))).toBe(true);
  expect(isOpen(night, at('2026-01-10T02:30:00Z'))).toBe(true);
  expect(isOpen(night, at('2026-01-09T02:30:00Z'))).toBe(false);
  const whole = zurich('00:00', '24:00', ['Sat']);
  expect(isOpen(whole, at('2026-01-10T22:59:00Z'))).toBe(true);
  expect(isOpen(whole, at('2026-01-10T23:00:00Z'))).toBe(false);
});

test('the next opening is the first open minute there is, in any zone', () => {
  const minuteMs = 60_000;
  const time = fc.integer({ min: 0, max: 95 }).map((n) => {
    const minutes = n * 15;
    return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  });
  const timeZone = fc.constantFrom(
    'UTC',
    'Europe/Zurich',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
  );
  const start = fc.integer({
    min: at('2026-01-01T00:00:00Z') / minuteMs,
    max: at('2027-01-01T00:00:00Z') / minuteMs,
  });
  fc.assert(
    fc.property(time, time, timeZone, start, (from, to, zone, minute) => {
      const windows = [{ from, to, timeZone: zone }];
      const nowMs = minute * minuteMs;
      fc.pre(!isOpen(windows, nowMs));
      let first = nowMs;
      while (!isOpen(windows, first)) first += minuteMs;
      expect(opensAtMs(windows, nowMs)).toBe(first);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('zones are those that are known here', () => {
  expect(isTimeZone('Europe/Zurich')).toBe(true);
  expect(isTimeZone('Mars/Olympus')).toBe(false);
});
