import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import type { ObjectWrite, Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import { type Keyring, openKeyring } from './keyring.ts';

let dir = '';
let dataDir = '';
let keyring: Keyring;
let store: Store | undefined;

const open = async (): Promise<Store> => {
  await store?.close();
  keyring = await openKeyring({ dataDir, clock: systemClock });
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, keyring, threads: testThreads });
  return store;
};
const openPlain = async (): Promise<Store> => {
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  return store;
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-sealed-'));
  dataDir = join(dir, 'data');
});
afterEach(async () => {
  await store?.close().catch(() => undefined);
  store = undefined;
  await rm(dir, { recursive: true, force: true });
});

const secret = (name: string, text: string, type: ObjectWrite['type'] = 'created'): ObjectWrite => ({
  resource: 'secrets',
  namespace: 'default',
  name,
  type,
  value: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, annotations: { last: text } },
    data: { text },
  },
});

/** Files of the data directory that hold the text. */
const holders = async (text: string): Promise<readonly string[]> => {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(files.map(async (path) => (await readFile(path)).includes(text)));
  return files.filter((_, index) => found[index]);
};

/** Everything planted begins so. */
const planted = 'planted-4711-';

test('what is written, updated and deleted is read as before and stands in no file', async () => {
  const { objects } = await open();
  await objects.write([secret('a', `${planted}1`), secret('b', `${planted}2`)]);
  await objects.write([secret('a', `${planted}3`, 'updated'), secret('b', `${planted}2`, 'deleted')]);
  expect(await holders(planted)).toEqual([]);

  const after = (await open()).objects;
  const texts = (await after.since(0, 10)).map(({ value }) => (value['data'] as { text: string }).text);

  expect(texts).toEqual([1, 2, 3, 2].map((n) => `${planted}${n}`));
  expect((await after.snapshot()).rows.map(({ name }) => name)).toEqual(['a']);
  await after.compact(4);
  expect(await holders(planted)).toEqual([]);
});

test('what was stored in plain is sealed at the start, old revisions and free space included', async () => {
  const plain = await openPlain();
  for (let i = 0; i < 200; i++) await plain.objects.write([secret(`s${i}`, `${planted}${i}`)]);
  await plain.objects.write([secret('s1', planted, 'deleted'), secret('s2', planted, 'updated')]);
  await plain.objects.compact(50);
  await plain.close();
  expect(await holders(planted)).not.toEqual([]);

  const { objects, sealed } = await open();

  expect(await holders(planted)).toEqual([]);
  expect((await objects.snapshot()).rows).toHaveLength(199);
  expect([...((await sealed[0]?.counts()) ?? [])]).toEqual([[1, 200]]);
});

test('the secret of one-time codes is in no file, sealed at the start and under the new key after a rotation', async () => {
  const value = { kind: 'totp', secret: planted, confirmed: true };
  const row = {
    id: 'f1',
    userUid: 'u',
    kind: 'totp',
    key: '',
    value,
    createdAtMs: 1,
    mark: 0,
    lastUsedMs: 0,
  } as const;
  await (await openPlain()).factors.add(row);
  expect(await holders(planted)).not.toEqual([]);

  const { factors, sealed } = await open();
  await factors.add({ ...row, id: 'f2' });

  expect(await holders(planted)).toEqual([]);
  await keyring.addKey();
  expect(await sealed[1]?.resealSome()).toBe(2);
  expect([...((await sealed[1]?.counts()) ?? [])]).toEqual([[2, 2]]);
  await keyring.dropOlder(2);
  expect(await factors.of('u')).toEqual([row, { ...row, id: 'f2' }]);
  expect(await factors.take('f1')).toEqual(row);
});

test('other kinds stay readable for whoever looks into the database', async () => {
  const { objects } = await open();
  const { value, ...rest } = secret('a', planted);
  await objects.write([{ ...rest, resource: 'configmaps', value }]);

  expect(await holders(planted)).not.toEqual([]);
});

test('after a rotation nothing is under the old key, and a start without it reads everything', async () => {
  const { objects, sealed } = await open();
  for (let i = 0; i < 150; i++) await objects.write([secret(`s${i}`, `${planted}${i}`)]);

  await keyring.addKey();
  await objects.write([secret('new', planted)]);
  while (((await sealed[0]?.resealSome()) ?? 0) > 0);
  expect([...((await sealed[0]?.counts()) ?? [])]).toEqual([[2, 151]]);
  await keyring.dropOlder(2);

  const rows = (await (await open()).objects.snapshot()).rows;
  expect(keyring.keys.map(({ number }) => number)).toEqual([2]);
  expect(rows).toHaveLength(151);
  expect(await holders(planted)).toEqual([]);
});

test('data whose keyring was lost are refused, and open once it is back', async () => {
  await (await open()).objects.write([secret('a', planted)]);
  const path = join(dataDir, 'keys/secrets.json');
  const kept = await readFile(path);
  await store?.close();
  await rm(path);

  await expect(open()).rejects.toThrow(/keys\/secrets\.json is missing or not the one.*restore it/);
  expect((await readdir(join(dataDir, 'keys'))).length).toBe(0);
  await writeFile(path, kept);
  expect((await (await open()).objects.snapshot()).rows).toHaveLength(1);
});
