import { expect, test } from 'vitest';
import { parseQuantity, toBytes, toPercent } from './quantity.ts';

test('quantities are read as Kubernetes writes them', () => {
  const read = ['250m', '2', '3072Ki', '1.5Gi', '1e3', '5M', '2000u'].map(parseQuantity);
  expect(read).toEqual([0.25, 2, 3_145_728, 1_610_612_736, 1000, 5_000_000, 0.002]);
});

test('what is no quantity is not taken for one', () => {
  expect([undefined, '', 'x', '5 Gi', '1.2.3', 'Ki'].map(parseQuantity)).toEqual(Array(6).fill(undefined));
});

test('sizes and shares are written for people', () => {
  expect([0, 900, 1536, 2 ** 30].map((bytes) => toBytes(bytes, 'en'))).toEqual([
    '0 B',
    '900 B',
    '1.5 KiB',
    '1 GiB',
  ]);
  expect(toPercent(0.256, 'en')).toBe('26%');
});
