import type { Task } from '@drover/client';
import { expect, test } from 'vitest';
import { groupOutcomes } from './group-outcomes.ts';

const task = (node: string, detail: unknown): Task =>
  // Of a task only these are looked at.
  ({ node, result: detail === undefined ? null : { detail } }) as unknown as Task;
const change = (action: string, diff = '') => ({ path: 'a', action, diff });

test('nodes with the same changes are one group, the largest first', () => {
  const groups = groupOutcomes([
    task('n1', { changes: [change('create')] }),
    task('n2', { changes: [change('update', '-a\n+b')] }),
    task('n3', { changes: [change('update', '-a\n+b'), change('unchanged')] }),
  ]);
  expect(groups.map(({ nodeSet, count, changes }) => [nodeSet, count, changes[0]?.action])).toEqual([
    ['n[2-3]', 2, 'update'],
    ['n1', 1, 'create'],
  ]);
});

test('another diff or another refusal is another group', () => {
  const refused = [{ path: 'a', reason: 'a directory is in the way' }];
  const groups = groupOutcomes([
    task('n1', { changes: [change('update', '-a\n+b')] }),
    task('n2', { changes: [change('update', '-x\n+b')] }),
    task('n3', { changes: [], refused }),
  ]);
  expect(groups).toHaveLength(3);
});

test('a node that has not ended is in none', () => {
  expect(groupOutcomes([task('n1', undefined), task('n2', null)])).toEqual([]);
});
