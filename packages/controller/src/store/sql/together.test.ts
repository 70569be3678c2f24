import { expect, test } from 'vitest';
import type { Call } from './batch.ts';
import { groupCalls } from './together.ts';

const write = (...names: readonly string[]): Call => [
  'objects.write',
  names.map((name) => ({ resource: 'r', namespace: '', name })),
];
const sizes = (...calls: readonly Call[]): readonly number[] =>
  groupCalls(calls).map((group) => group.length);

test('calls that work on different things are asked for together, others in their turn', () => {
  expect(sizes(write('a'), write('b', 'c'), write('d'))).toEqual([3]);
  expect(sizes(write('a'), write('b'), write('c', 'a'), write('b'))).toEqual([2, 2]);
  expect(sizes(write('a'), ['audit.append', {}], write('b'))).toEqual([3]);
});

test('creations that are counted come one after another', () => {
  const counted = (name: string): Call => [
    'objects.write',
    [{ resource: 'r', namespace: 'n', name, provided: { fewerThan: 3 } }],
  ];
  expect(sizes(counted('a'), write('b'), counted('c'))).toEqual([2, 1]);
});

test('a call of which nothing is known is carried out alone', () => {
  expect(sizes(write('a'), ['meta.set', {}], write('b'), write('c'))).toEqual([1, 1, 2]);
});

test('the order is that in which they were called', () => {
  const calls = [write('a'), write('a'), write('b'), ['meta.set', {}] as Call, write('b')];
  expect(groupCalls(calls).flat()).toEqual(calls);
});
