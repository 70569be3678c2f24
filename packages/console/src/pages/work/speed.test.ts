import { expect, test } from 'vitest';
import { createSpeed } from './speed.ts';

test('the speed is that of the last seconds, not of the whole', () => {
  const speed = createSpeed();
  expect(speed(0, 0)).toBe(0);
  expect(speed(1_000, 1_000)).toBe(1_000);
  for (let second = 2; second <= 10; second += 1) speed(1_000 + (second - 1) * 50, second * 1_000);
  expect(speed(1_500, 11_000)).toBe(50);
});

test('what begins anew is not slower than nothing', () => {
  const speed = createSpeed();
  speed(5_000, 0);
  expect(speed(100, 1_000)).toBe(0);
});
