import type { KubeObject } from '@drover/api';
import { expect, test } from 'vitest';
import { createAwakeClock } from './awake.ts';
import { durationMs, newLease, toHeld } from './lease.ts';
import { Sightings } from './sightings.ts';

const tickMs = 500;
/** Of a holder whose own clock is years away from everybody's. */
const lease = (version: number): KubeObject => {
  const held = toHeld(newLease('controller-a', { address: 'https://a:7443', version: '0.1.0' }), 'a', 0);
  return { ...held, metadata: { ...held.metadata, resourceVersion: String(version) } };
};

const open = () => {
  let nowMs = 0;
  let sees = true;
  const clock = createAwakeClock(
    tickMs,
    () => nowMs,
    () => sees,
  );
  const sightings = new Sightings(clock);
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= tickMs) {
      nowMs += tickMs;
      clock.tick();
    }
  };
  const sleep = (ms: number): void => {
    nowMs += ms;
  };
  const see = (now: boolean): void => {
    sees = now;
  };
  return { sightings, pass, sleep, see, tick: () => clock.tick() };
};

test('a lease holds for as long as it changes, whatever time it says that it is', () => {
  const { sightings, pass } = open();
  for (let version = 1; version <= 10; version++) {
    sightings.see(lease(version), true);
    pass(durationMs - tickMs);
    expect(sightings.holds('controller-a')).toBe(true);
  }
  sightings.see(lease(10), true); // told again, as after a break of the watch
  pass(2 * tickMs);
  expect([sightings.holds('controller-a'), sightings.hasRunOut(lease(10))]).toEqual([false, true]);
  expect(sightings.hasRunOut(lease(11))).toBe(false);
});

test('who was frozen takes nobody for gone when it wakes', () => {
  const { sightings, sleep, tick, pass } = open();
  sightings.see(lease(1), true);
  sleep(60_000);
  expect(sightings.holds('controller-a')).toBe(true);
  tick();
  expect(sightings.holds('controller-a')).toBe(true);
  pass(durationMs);
  expect(sightings.holds('controller-a')).toBe(false);
});

test('a lease that was given up holds no more', () => {
  const { sightings } = open();
  sightings.see(lease(1), true);
  sightings.see(lease(2), false);
  expect([sightings.holds('controller-a'), sightings.ageMs('controller-a')]).toEqual([false, undefined]);
});

test('while nothing can be seen nobody is gone, and once it can, each has its whole time again', () => {
  const { sightings, see, pass } = open();
  sightings.see(lease(1), true);
  pass(durationMs - tickMs);
  see(false);
  pass(60_000);
  expect(sightings.holds('controller-a')).toBe(true);
  see(true);
  sightings.forgive();
  pass(durationMs);
  expect(sightings.holds('controller-a')).toBe(true);
  pass(tickMs);
  expect(sightings.holds('controller-a')).toBe(false);
});
