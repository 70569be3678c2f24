import { expect, test } from 'vitest';
import { createStrangerRows } from './stranger-rows.ts';

test('some rows a minute from one address, some more from all, and what was left out is told in the next', () => {
  let nowMs = 0;
  const rows = createStrangerRows({ nowMs: () => nowMs });
  const taken = (address: string, tries: number) =>
    Array.from({ length: tries }, () => rows.take(address)).filter((one) => one !== undefined);

  expect(taken('192.0.2.1', 50)).toHaveLength(30);
  expect(taken('192.0.2.2', 1)).toEqual([20]);
  const many = Array.from({ length: 100 }, (_, i) => taken(`198.51.100.${i}`, 30).length);
  expect(many.reduce((sum, count) => sum + count, 0)).toBe(300 - 31);
  nowMs = 60_000;
  expect(taken('192.0.2.1', 1)).toEqual([100 * 30 - 269]);
});
