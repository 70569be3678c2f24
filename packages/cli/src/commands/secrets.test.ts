import { afterEach, beforeEach, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';

let fake: FakeController;
const run = (...argv: readonly string[]) =>
  drover(['secrets', ...argv], { contextFile: fake.contextFile, home: fake.directory });

beforeEach(async () => {
  fake = await startFakeController();
});
afterEach(() => fake.close());

const createdAt = '2026-11-26T08:00:00.000Z';
const toKey = (number: number, inUse: boolean, count: number) => ({
  number,
  createdAt,
  inUse,
  values: { 'revisions of Secrets': count, 'key files': 3 },
});
const rest = { key: 'the key file /srv/drover.key', dataKeys: [toKey(2, true, 12)] };
const busy = {
  key: rest.key,
  dataKeys: [toKey(1, false, 5), toKey(2, true, 7)],
  rotation: { startedAt: createdAt, done: 7, remaining: 5, message: '' },
};

test('status shows the keys, what is under each, and how far a rotation is', async () => {
  fake.on('GET', '/encryption', () => busy);
  const { code, stdout } = await run('status');
  expect([code, stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, '  '))]).toEqual([
    0,
    [
      'Under:  the key file /srv/drover.key',
      'Rotation:  7 done, 5 to go',
      '',
      'DATA KEY  CREATED  IN USE  REVISIONS OF SECRETS  KEY FILES',
      '1  2026-11-26T08:00:00Z  no  5  3',
      '2  2026-11-26T08:00:00Z  yes  7  3',
      '',
    ],
  ]);
  expect(JSON.parse((await run('status', '-o', 'json')).stdout)).toEqual(busy);
});

test('rotate-key waits until nothing is under the old key', async () => {
  let asked = 0;
  fake.on('POST', '/encryption/rotate', () => busy);
  fake.on('GET', '/encryption', () => (++asked < 2 ? busy : rest));
  expect(await run('rotate-key')).toEqual({
    code: 0,
    stdout: 'everything is under data key 2\n',
    stderr: 'data key 2 is in use, under the key file /srv/drover.key\n',
  });
  expect(fake.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  expect(fake.seen[0]?.body).toEqual({});
});

test('rotate-key passes a new key-encryption key on by its path, one only', async () => {
  fake.on('POST', '/encryption/rotate', () => busy);
  expect((await run('rotate-key', '--new-key-file', '/etc/k', '--detach')).code).toBe(0);
  expect((await run('rotate-key', '--new-passphrase-file', '/etc/p', '--detach')).code).toBe(0);
  expect(fake.seen.map(({ body }) => body)).toEqual([{ keyFile: '/etc/k' }, { passphraseFile: '/etc/p' }]);
  const both = await run('rotate-key', '--new-key-file', '/k', '--new-passphrase-file', '/p');
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('cannot use both')]);
});
