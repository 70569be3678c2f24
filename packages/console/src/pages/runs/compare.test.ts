import type { FoldedGroup } from '@drover/client';
import { expect, test } from 'vitest';
import { compareFolds } from './compare.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const group = (
  nodeSet: string,
  change: Partial<FoldedGroup> & { readonly out?: string } = {},
): FoldedGroup => {
  const { out = 'same\n', ...rest } = change;
  return {
    state: 'exited',
    exitCode: 0,
    signal: 0,
    reason: '',
    nodeSet,
    count: 1,
    stdout: bytes(out),
    stderr: bytes(''),
    stdoutBytes: out.length,
    stderrBytes: 0,
    ...rest,
  };
};

const differences = (here: readonly FoldedGroup[], there: readonly FoldedGroup[]) =>
  compareFolds({ groups: here, silent: '' }, { groups: there, silent: '' })
    .filter((row) => row.differences.length > 0)
    .map((row) => [row.node, ...row.differences]);

test('nodes that ended alike are not different, however they were grouped', () => {
  expect(differences([group('n[1-3]')], [group('n1'), group('n[2-3]')])).toEqual([]);
});

test.each([
  ['another exit code', { exitCode: 3 }, 'exitCode'],
  ['another signal', { signal: 9 }, 'exitCode'],
  ['another state', { state: 'lost' }, 'state'],
  ['another output', { out: 'else\n' }, 'output'],
  ['output that differs behind what is shown', { stdoutBytes: 70_000 }, 'output'],
] as const)('%s is told', (_, change, difference) => {
  expect(differences([group('n1', change), group('n2')], [group('n[1-2]')])).toEqual([['n1', difference]]);
});

test('nodes of one run only are told, in the order of their names', () => {
  expect(differences([group('n10'), group('n1')], [group('n1'), group('n2')])).toEqual([
    ['n2', 'onlyThere'],
    ['n10', 'onlyHere'],
  ]);
});
