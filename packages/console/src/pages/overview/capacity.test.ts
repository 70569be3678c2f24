import type { Node } from '@drover/api';
import { expect, test } from 'vitest';
import { capacityOf, quantity, toGib } from './capacity.ts';

test('quantities are read as Kubernetes writes them', () => {
  expect(['2', '1500m', '24Gi', '16384Ki', '1G'].map(quantity)).toEqual([
    2,
    1.5,
    24 * 1024 ** 3,
    16 * 1024 ** 2,
    1e9,
  ]);
  expect(quantity('lots')).toBeNaN();
});

test('a node that tells nothing adds nothing', () => {
  const told = { status: { capacity: { cpu: '4', memory: '8Gi' } } } as unknown as Node;
  const silent = { status: { capacity: { cpu: '?' } } } as unknown as Node;
  expect(capacityOf([told, silent, {} as Node])).toEqual({ cpus: 4, memoryBytes: 8 * 1024 ** 3 });
  expect(toGib(8 * 1024 ** 3)).toBe('8.0 GiB');
});
