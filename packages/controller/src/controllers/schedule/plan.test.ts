import { nextTimes, type Schedule } from '@drover/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planHistory } from './history.ts';
import { nextLookMs, planStep } from './plan.ts';
import { runNameOf } from './run.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();
const make = (spec: object = {}, status: object = {}, created = '2026-01-01T00:00:00Z'): Schedule =>
  ({
    metadata: { name: 'nightly', namespace: 'default', uid: 'u1', creationTimestamp: created },
    spec: { schedule: '0 3 * * *', timeZone: 'UTC', suspend: false, concurrencyPolicy: 'Allow', ...spec },
    status,
  }) as unknown as Schedule;
const plan = (schedule: Schedule, now: string, active = 0) => planStep({ schedule, active, nowMs: at(now) });
const settled = { settledTime: '2026-05-01T03:00:00Z' };

test('a time is run once, when it has come', () => {
  expect(plan(make({}, settled), '2026-05-02T02:59:59.999Z')).toEqual({ kind: 'none' });
  const due = { kind: 'run', dueMs: at('2026-05-02T03:00:00Z') };
  expect(plan(make({}, settled), '2026-05-02T03:00:00Z')).toEqual(due);
  expect(plan(make({}, { settledTime: '2026-05-02T03:00:00Z' }), '2026-05-02T03:00:01Z')).toEqual({
    kind: 'none',
  });
});

test('of what was missed while the controller was down only the last is made up for', () => {
  const due = { kind: 'run', dueMs: at('2026-05-09T03:00:00Z') };
  expect(plan(make({}, settled), '2026-05-10T01:00:00Z')).toEqual(due);
  const late = make({ startingDeadlineSeconds: 3600 }, settled);
  expect(plan(late, '2026-05-10T01:00:00Z')).toEqual({ ...due, kind: 'miss' });
  expect(plan(late, '2026-05-09T04:00:00Z')).toEqual(due);
});

test('what came before it was made or changed, or while it was suspended, is not made up for', () => {
  expect(plan(make({}, {}, '2026-05-02T03:00:00Z'), '2026-05-02T12:00:00Z')).toEqual({ kind: 'none' });
  const changed = make({ requester: { time: '2026-05-02T11:00:00Z' } }, settled);
  expect(plan(changed, '2026-05-02T12:00:00Z')).toEqual({ kind: 'none' });
  expect(plan(make({ suspend: true }, settled), '2026-05-02T12:00:00Z')).toEqual({ kind: 'none' });
});

test('while a run is going on, Allow starts another, Forbid waits, Replace cancels', () => {
  const [now, dueMs] = ['2026-05-02T03:00:00Z', at('2026-05-02T03:00:00Z')];
  const kindOf = (concurrencyPolicy: string) => plan(make({ concurrencyPolicy }, settled), now, 1);
  expect(kindOf('Allow')).toEqual({ kind: 'run', dueMs });
  expect(kindOf('Forbid')).toEqual({ kind: 'wait', dueMs, cancels: false });
  expect(kindOf('Replace')).toEqual({ kind: 'wait', dueMs, cancels: true });
});

test('who waits looks again when the deadline is over, all others at the next time', () => {
  const schedule = make({ concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 60 }, settled);
  const facts = { schedule, active: 1, nowMs: at('2026-05-02T03:00:10Z') };
  expect(nextLookMs(facts, planStep(facts))).toBe(at('2026-05-02T03:01:00.001Z'));
  expect(nextLookMs({ ...facts, active: 0 }, { kind: 'none' })).toBe(at('2026-05-03T03:00:00Z'));
  expect(nextLookMs({ ...facts, schedule: make({ suspend: true }) }, { kind: 'none' })).toBeUndefined();
});

test('names of runs follow from schedule and time, and no two times have the same', () => {
  const name = runNameOf(make(), at('2026-10-25T00:30:00Z'));
  expect(name).toMatch(/^nightly-20261025-0030-[0-9a-f]{6}$/);
  expect(runNameOf(make(), at('2026-10-25T00:30:00Z'))).toBe(name);
  expect(runNameOf(make(), at('2026-10-25T01:30:00Z'))).not.toBe(name);
});

test('the newest finished runs of each kind are kept, and none that is going on is touched', () => {
  const run = (name: string, phase: string, second: number) =>
    ({
      metadata: { name, creationTimestamp: `2026-05-01T00:00:0${second}Z` },
      status: { phase },
    }) as unknown as Parameters<typeof planHistory>[0][number];
  const runs = [
    run('s1', 'Succeeded', 1),
    run('s2', 'Succeeded', 2),
    run('f1', 'Failed', 3),
    run('c1', 'Cancelled', 4),
    run('going', 'Running', 0),
  ];
  const limits = { successfulRunsHistoryLimit: 1, failedRunsHistoryLimit: 1 };
  expect(planHistory(runs, limits).map(({ metadata }) => metadata.name)).toEqual(['s1', 'f1']);
});

/** Lives of the controller: how long it is up, how long it is down, over changes of clocks. */
const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 600 })), {
  minLength: 1,
  maxLength: 8,
});

test('every time while it is up is run at that time, and after each pause at most one is made up for', () => {
  const starts = fc.constantFrom('2026-03-28T20:00:00Z', '2026-10-24T20:00:00Z', '2026-06-01T00:00:00Z');
  const crons = fc.constantFrom('*/20 * * * *', '30 2 * * *', '0 * * * *', '15 1-4 * * *');
  fc.assert(
    fc.property(starts, crons, lives, (start, schedule, parts) => {
      let nowMs = at(start);
      const spec = { schedule, timeZone: 'Europe/Zurich' };
      let status: object = {};
      for (const [upMinutes, downMinutes] of parts) {
        const [fromMs, endMs, made] = [nowMs, nowMs + upMinutes * 60_000, [] as number[]];
        while (nowMs < endMs) {
          const facts = { schedule: make(spec, status, start), active: 0, nowMs };
          const step = planStep(facts);
          if (step.kind === 'run') made.push(step.dueMs);
          if (step.kind === 'run') status = { settledTime: iso(step.dueMs) };
          nowMs = Math.min(nextLookMs(facts, step) ?? endMs, endMs);
        }
        const expected = nextTimes(schedule, spec.timeZone, fromMs, 10).filter((ms) => ms < endMs);
        expect(made.filter((ms) => ms > fromMs)).toEqual(expected);
        expect(made.filter((ms) => ms <= fromMs).length).toBeLessThanOrEqual(1);
        expect(new Set(made).size).toBe(made.length);
        nowMs += downMinutes * 60_000;
      }
    }),
    { numRuns: 60 },
  );
});
