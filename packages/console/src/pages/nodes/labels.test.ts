import { expect, test } from 'vitest';
import { countLabels, followsFacts } from './labels.ts';

const nodes = [
  { metadata: { name: 'a', labels: { rack: '1', env: 'test' } } },
  { metadata: { name: 'b', labels: { rack: '2' } } },
];
const shown = (counts: ReadonlyMap<string, number>) => Object.fromEntries(counts);

test('labels of many nodes are shown with how many have each, after the changes', () => {
  expect(shown(countLabels(nodes, {}))).toEqual({
    '["env","test"]': 1,
    '["rack","1"]': 1,
    '["rack","2"]': 1,
  });
  expect(shown(countLabels(nodes, { rack: '3', env: null }))).toEqual({ '["rack","3"]': 2 });
});

test('labels that the controller keeps after the facts cannot be taken away', () => {
  expect(['kubernetes.io/os', 'drover.dev/os-id', 'rack'].map(followsFacts)).toEqual([true, true, false]);
});
