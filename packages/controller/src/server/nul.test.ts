// Text with U+0000 is refused at the door, with the field, so that every store keeps the same; bytes are bytes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { call } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const configMaps = '/api/v1/namespaces/default/configmaps';
const runs = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';
const run = (spec: object) => ({ metadata: { name: 'r' }, spec: { argv: ['true'], ...spec } });

it.each([
  ['metadata.name', configMaps, { metadata: { name: 'a\0' } }],
  [
    'metadata.annotations[example.com/a]',
    configMaps,
    { metadata: { annotations: { 'example.com/a': '\0' } } },
  ],
  ['data.a', configMaps, { metadata: { name: 'a' }, data: { a: 'x\0y' } }],
  ['data[a\ufffd]', configMaps, { metadata: { name: 'a' }, data: { 'a\0': 'x' } }],
  ['spec.argv[1]', runs, run({ argv: ['echo', '\0'] })],
  ['body', configMaps, '\0'],
  ['spec.env[0].value', runs, run({ env: [{ name: 'A', value: '\0' }] })],
])('%s is named when it holds U+0000', async (field, path, body) => {
  const answer = await call(ground, { method: 'POST', path, body });
  expect([answer.code, answer.json()]).toEqual([
    422,
    expect.objectContaining({
      reason: 'Invalid',
      details: expect.objectContaining({ causes: [expect.objectContaining({ field })] }),
    }),
  ]);
});

it('is refused in patches and addresses, and nowhere does it reach the store', async () => {
  const path = `${configMaps}/kept`;
  await call(ground, { method: 'POST', path: configMaps, body: { metadata: { name: 'kept' } } });
  const patched = await call(ground, { method: 'PATCH', path, body: { data: { a: '\0' } } });
  const asked = await call(ground, { method: 'PATCH', path: `${path}?fieldManager=a%00`, body: {} });
  const named = await call(ground, { path: '/audit?user=a%00' });
  expect([patched.code, asked.code, named.code]).toEqual([422, 400, 400]);
  expect((await call(ground, { path })).json()).not.toHaveProperty('data');
});

it('may be told of, and stand in bytes', async () => {
  const data = { told: 'a \\u0000 that somebody has written out' };
  const binaryData = { bytes: Buffer.from('a\0b').toString('base64') };
  const body = { metadata: { name: 'told' }, data, binaryData };
  expect(await call(ground, { method: 'POST', path: configMaps, body })).toMatchObject({ code: 201 });
  expect((await call(ground, { path: `${configMaps}/told` })).json()).toMatchObject({ data, binaryData });
});
