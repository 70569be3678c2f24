import type { CertificateSigningRequest, CommandRun, Node } from '@drover/api';
import { expect, test } from 'vitest';
import { attentionOf } from './attention.ts';

const nowMs = Date.parse('2026-11-26T12:00:00Z');
const node = (name: string, status: string): Node =>
  ({
    metadata: { name },
    spec: {},
    status: {
      conditions: [
        {
          type: 'Ready',
          status,
          message: `${name} says ${status}`,
          lastTransitionTime: '2026-11-26T11:00:00Z',
        },
      ],
    },
  }) as unknown as Node;
const run = (name: string, status: object): CommandRun =>
  ({
    kind: 'CommandRun',
    metadata: { name, namespace: 'default' },
    spec: {},
    status,
  }) as unknown as CommandRun;
const request = (name: string, conditions: readonly object[]): CertificateSigningRequest =>
  ({
    metadata: { name },
    spec: { signerName: 'drover.dev/node' },
    status: { conditions },
  }) as unknown as CertificateSigningRequest;
const calm = { nodes: [], requests: [], runs: [], transfers: [], nowMs };

test('a fleet that is well asks for nothing', () => {
  const done = run('r1', { phase: 'Succeeded', completionTime: '2026-11-26T11:59:00Z' });
  const approved = request('c1', [{ type: 'Approved', status: 'True' }]);
  expect(attentionOf({ ...calm, nodes: [node('a', 'True')], runs: [done], requests: [approved] })).toEqual(
    [],
  );
});

test('the gravest comes first, with the cause that the controller gave', () => {
  const all = attentionOf({
    ...calm,
    nodes: [node('unwell', 'False'), node('lost', 'Unknown')],
    requests: [request('c2', [])],
    runs: [run('r2', { phase: 'Failed', message: '2 nodes failed', completionTime: '2026-11-26T11:59:00Z' })],
  });
  expect(all.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'node-lost lost',
    'node-unwell unwell',
    'joining c2',
    'failed r2',
  ]);
  expect(all[0]?.cause).toBe('lost says Unknown');
});

test('what failed more than a day ago is history', () => {
  const old = run('r3', { phase: 'Failed', completionTime: '2026-11-25T11:59:00Z' });
  expect(attentionOf({ ...calm, runs: [old] })).toEqual([]);
});

test('a run that waits for a second person says for which rule', () => {
  const waiting = run('r4', {
    phase: 'Pending',
    approval: { policy: 'p', rule: 'r', message: 'reboots', expireTime: '' },
  });
  expect(attentionOf({ ...calm, runs: [waiting] })).toMatchObject([{ kind: 'approval', cause: 'reboots' }]);
});
