// Unsigned runs and transfers on nodes that take signed requests only, over HTTP.
import { commandRunKind, fileTransferKind } from '@drover/api';
import { nodes } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';
const strict = { 'drover.dev/signing': 'required' };
let ground: Ground;
let alice: string;

const post = (plural: string, spec: object, query = '') =>
  call(ground, {
    method: 'POST',
    path: `${base}/${plural}${query}`,
    token: alice,
    body: { metadata: { name: 'x' }, spec },
  });

beforeAll(async () => {
  ground = await openGround();
  for (const [name, labels] of Object.entries({ web1: {}, db1: { ...strict, rack: 'a' }, db2: strict }))
    await ground.client.create(nodes, { metadata: { name, labels } });
  await bind(ground, 'alice', 'operator');
  alice = await tokenOf(ground, 'alice');
});
afterAll(() => ground.close());

test.each([
  [{ nodeSet: 'web1,db[1-2]' }, '2 nodes db[1-2] take signed requests only'],
  [{ nodeSet: '*' }, '2 nodes db[1-2] take signed requests only'],
  [{ nodeSet: 'd*!db2' }, 'node db1 takes signed requests only'],
  [{ labelSelector: { matchLabels: { rack: 'a' } } }, 'node db1 takes signed requests only'],
])('%j is refused with a cause that a client can tell, and nothing is stored', async (targets, message) => {
  for (const [plural, kind, work] of [
    ['commandruns', commandRunKind, { argv: ['id'] }],
    ['filetransfers', fileTransferKind, { direction: 'Pull', path: '/etc/hosts' }],
  ] as const) {
    const refused = await post(plural, { ...work, targets });
    expect(refused.code).toBe(422);
    expect(refused.json().message).toBe(
      `cannot start: ${message}; sign it (drover run --sign KEY), or leave these nodes out`,
    );
    expect(refused.json()['details']).toMatchObject({
      causes: [{ reason: 'FieldValueRequired', field: 'spec.signed', message }],
    });
    expect(ground.resources.list(kind).items).toEqual([]);
  }
});

test('a dry run, which is never signed, tells it and is not refused', async () => {
  const foreseen = await post('commandruns', { argv: ['id'], targets: { nodeSet: '*' } }, '?dryRun=All');
  expect([foreseen.code, foreseen.json()['status']]).toMatchObject([
    201,
    { message: '2 nodes db[1-2] take signed requests only' },
  ]);
});

test('who leaves these nodes out is not asked for a signature', async () => {
  expect((await post('commandruns', { argv: ['id'], targets: { nodeSet: '*!db*' } })).code).toBe(201);
});
