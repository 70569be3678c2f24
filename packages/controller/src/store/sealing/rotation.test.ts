import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import type { ObjectWrite, Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import type { SealedValues } from './objects.ts';
import { openRotation, type Rotation } from './rotation.ts';

let dir = '';
let keyring: Keyring;
let store: Store;
let rotation: Rotation;

const clock = systemClock;
const open = async (extra: readonly SealedValues[] = []): Promise<void> => {
  const dataDir = join(dir, 'data');
  keyring = await openKeyring({ dataDir, clock });
  store = await openStore({ dataDir, clock, log: silentLog, keyring, threads: testThreads });
  rotation = openRotation({ keyring, values: [...store.sealed, ...extra], clock, log: silentLog });
};
const close = async (): Promise<void> => {
  await rotation.close();
  await store.close();
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-rotation-'));
});
afterEach(async () => {
  await close();
  await rm(dir, { recursive: true, force: true });
});

const secret = (name: string, type: ObjectWrite['type'] = 'created'): ObjectWrite => ({
  resource: 'secrets',
  namespace: 'default',
  name,
  type,
  value: { apiVersion: 'v1', kind: 'Secret', metadata: { name, uid: name }, data: { name } },
});
const create = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => store.objects.write([secret(`s${i}`)])));
const numbers = () => keyring.keys.map(({ number }) => number);

/** Resolves to the status at its end. */
const ended = async () => {
  for (;;) {
    const status = await rotation.status();
    if (status.rotation === undefined) return status;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test('a rotation brings everything under the new key while others write, and drops the old one', async () => {
  await open();
  await create(300);

  await rotation.rotate();
  const writing = Array.from({ length: 300 }, (_, i) => store.objects.write([secret(`s${i}`, 'updated')]));
  await Promise.all(writing);
  const { dataKeys } = await ended();

  expect(dataKeys).toEqual([
    {
      number: 2,
      createdAt: expect.any(String),
      inUse: true,
      values: { 'revisions of Secrets': 600, 'sign-in factors': 0 },
    },
  ]);
  await close();
  await open();
  expect((await store.objects.snapshot()).rows).toHaveLength(300);
});

test('two rotations at once end with one key and everything readable', async () => {
  await open();
  await create(200);

  await Promise.all([rotation.rotate(), rotation.rotate()]);
  await ended();

  expect(numbers()).toEqual([3]);
  expect((await store.objects.since(0, 1_000)).map(({ name }) => name)).toHaveLength(200);
});

test('what a stop cut short is gone on with at the next start', async () => {
  await open();
  await create(200);
  await keyring.addKey();
  await store.sealed[0]?.resealSome();
  await close();

  await open();
  expect(numbers()).toEqual([1, 2]);
  const { dataKeys } = await ended();

  expect(dataKeys.map(({ values }) => values)).toEqual([
    { 'revisions of Secrets': 200, 'sign-in factors': 0 },
  ]);
});

test('no key is dropped while something is under it, and the status tells what is in the way', async () => {
  let broken = true;
  const stubborn: SealedValues = {
    name: 'others',
    counts: async () => new Map([[broken ? 1 : 2, 1]]),
    resealSome: async () => {
      throw new Error('the disk is full');
    },
  };
  await open([stubborn]);

  await rotation.rotate();
  const failing = async () => {
    for (;;) {
      const { rotation: now } = await rotation.status();
      if (now !== undefined && now.message !== '') return now;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  expect(await failing()).toMatchObject({ message: 'the disk is full', remaining: 1 });
  expect(numbers()).toEqual([1, 2]);
  broken = false;
});
