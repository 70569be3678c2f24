import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretKind } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { call } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const settled = async () => {
  for (;;) {
    const status = await ground.client.encryption();
    if (status.rotation === undefined) return status;
  }
};

test('a rotation over the API leaves one key, the newest, with everything under it', async () => {
  for (const name of ['a', 'b']) {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { name } };
    await ground.resources.create(secretKind, 'default', object);
  }
  const before = await ground.client.encryption();
  const begun = await ground.client.rotateKey({});
  const after = await settled();

  expect(before.dataKeys.map(({ number, values }) => [number, values])).toEqual([
    [1, { 'revisions of Secrets': 2, 'sign-in factors': 0, 'key files': 3 }],
  ]);
  expect(begun.dataKeys.at(-1)).toMatchObject({ number: 2, inUse: true });
  expect(after.dataKeys.map(({ number, values }) => [number, values])).toEqual([
    [2, { 'revisions of Secrets': 2, 'sign-in factors': 0, 'key files': 3 }],
  ]);
});

test('the key-encryption key is changed to one on the machine of the controller', async () => {
  const path = join(ground.dataDir, 'new.key');
  await writeFile(path, randomBytes(32), { mode: 0o600 });

  expect((await ground.client.rotateKey({ keyFile: path })).key).toBe(`the key file ${path}`);
  await settled();
});

test.each([
  [{ keyFile: 'relative' }, 422, 'absolute path'],
  [{ keyFile: 7 }, 422, 'absolute path'],
  [{ keyFile: '/a', passphraseFile: '/b' }, 422, 'nothing else'],
  [{ command: ['cat'] }, 422, 'nothing else'],
  [{ keyFile: '/none/there' }, 503, 'it is not there'],
  [{ keyFile: '/etc/hostname' }, 503, 'cannot use the key file /etc/hostname'],
  [[], 400, 'an object is needed'],
])('%j is refused and changes nothing', async (body, code, words) => {
  const before = (await settled()).dataKeys;
  const answer = await call(ground, { method: 'POST', path: '/encryption/rotate', body });

  expect([answer.code, answer.json().message]).toEqual([code, expect.stringContaining(words)]);
  expect((await ground.client.encryption()).dataKeys).toEqual(before);
});
