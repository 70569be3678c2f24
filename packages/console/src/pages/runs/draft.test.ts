import type { CommandRun } from '@drover/api';
import { commandRunKind, validatorOf } from '@drover/api';
import { expect, test } from 'vitest';
import { toSeconds } from '../work/wish.ts';
import { type Draft, emptyDraft, fieldOf, problemsOf, toDraft, toRun } from './draft.ts';

const typed = (change: Partial<Draft>): Draft => ({
  ...emptyDraft,
  nodes: '*',
  command: 'uptime',
  ...change,
});

/** As the controller would store it. */
const stored = (draft: Draft): CommandRun =>
  validatorOf(commandRunKind)(toRun(draft), 'Strict').object as unknown as CommandRun;

test('what is typed becomes the object that the controller takes', () => {
  const draft = typed({
    labels: 'rack=a',
    command: `sh -c 'ls | wc'`,
    env: 'A=1=2\nB=',
    batches: '1, 5%',
    timeout: '5m',
  });
  expect(stored(draft).spec).toMatchObject({
    argv: ['sh', '-c', 'ls | wc'],
    targets: {
      nodeSet: '*',
      labelSelector: { matchExpressions: [{ key: 'rack', operator: 'In', values: ['a'] }] },
    },
    env: { A: '1=2', B: '' },
    strategy: { batches: [1, '5%'], width: 0 },
    timeoutSeconds: 300,
  });
});

test('a run that is composed again is the same run', () => {
  const drafts = [
    typed({ command: `echo 'a  b'`, user: 'web', cwd: '/srv', stdin: 'x\n', width: '3', pause: '10s' }),
    typed({
      kind: 'script',
      script: 'set -e\nid\n',
      interpreter: '/bin/bash -x',
      offline: 'Skip',
      expire: '1h',
    }),
    typed({ nodes: '', labels: 'a in (b,c),!d', gate: 'AfterFirst', maxFailures: '10%' }),
  ];
  for (const draft of drafts) expect(stored(toDraft(stored(draft))).spec).toEqual(stored(draft).spec);
});

test.each([
  [{ nodes: ' ' }, { nodes: 'noNodes' }],
  [{ command: `echo 'a` }, { command: 'openQuote' }],
  [{ command: '' }, { command: 'noCommand' }],
  [{ kind: 'script' }, { script: 'noScript' }],
  [{ env: 'A' }, { env: 'pair' }],
  [
    { timeout: 'soon', width: '-1', batches: '1,x' },
    { timeout: 'time', width: 'whole', batches: 'size' },
  ],
  [{}, {}],
] as const)('%j cannot be sent because of %j', (change, problems) => {
  expect(problemsOf(typed(change))).toEqual(problems);
});

test.each([
  ['90', 90],
  ['2h', 7_200],
  ['1d', 86_400],
  ['1w', undefined],
  ['', undefined],
] as const)('%j is %s seconds', (text, seconds) => expect(toSeconds(text)).toBe(seconds));

test.each([
  ['spec.targets.nodeSet', 'nodes'],
  ['spec.targets.labelSelector.matchExpressions[0]', 'labels'],
  ['spec.strategy.batches[1]', 'batches'],
  ['spec.offline.expireSeconds', 'expire'],
  ['spec', undefined],
  ['spec.argvs', undefined],
] as const)('what is wrong with %s is told at %s', (path, field) => expect(fieldOf(path)).toBe(field));
