import { expect, test } from 'vitest';
import { handClock } from './test-ground.ts';
import { createThrottle } from './throttle.ts';

test('an address that keeps failing waits, and is forgiven with time', () => {
  const clock = handClock();
  const throttle = createThrottle(clock);
  for (let i = 0; i < 20; i++) throttle.failed('10.0.0.1');
  expect(throttle.waitMs('10.0.0.1')).toBe(0);
  throttle.failed('::ffff:10.0.0.1');
  expect(throttle.waitMs('10.0.0.1')).toBe(3000);
  expect(throttle.waitMs('10.0.0.2')).toBe(0);
  clock.advance(3000);
  expect(throttle.waitMs('10.0.0.1')).toBe(0);
});

test('addresses of one IPv6 network count together', () => {
  const throttle = createThrottle(handClock());
  for (let i = 0; i < 25; i++) throttle.failed(`2001:db8:1:2::${i.toString(16)}`);
  expect(throttle.waitMs('2001:db8:1:2:ffff::1')).toBe(15_000);
  expect(throttle.waitMs('2001:db8:1:3::1')).toBe(0);
});

test('an IPv6 network counts together however its addresses are shortened', () => {
  const throttle = createThrottle(handClock());
  for (let i = 1; i <= 25; i++) throttle.failed(`2001:db8::${i.toString(16)}`);
  expect(throttle.waitMs('2001:db8::1:2:3:4')).toBe(15_000);
  expect(throttle.waitMs('2001:db8:0:1::1')).toBe(0);
  for (let i = 1; i <= 25; i++) throttle.failed(`fe80::${i}%eth0`);
  expect(throttle.waitMs('fe80::ffff%eth1')).toBe(15_000);
});

test('a hundred thousand addresses do not make it forget the newest guesser or grow', () => {
  const throttle = createThrottle(handClock());
  for (let i = 0; i < 100_000; i++) throttle.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  for (let i = 0; i < 21; i++) throttle.failed('192.0.2.1');
  expect(throttle.waitMs('192.0.2.1')).toBe(3000);
  expect(throttle.size()).toBe(10_000);
});
