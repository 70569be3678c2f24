import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createHold } from '../../platform/hold.ts';
import { silentLog } from '../../platform/log.ts';
import { readAll } from '../contract/blobs.ts';
import { openStore } from '../index.ts';
import { deriveKey } from '../sealing/key-source.ts';
import { type Keyring, openKeyring } from '../sealing/keyring.ts';
import type { ObjectWrite, Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import type { BackupKey } from './container.ts';
import { openBackupDesk } from './desk.ts';
import { readBackup, restoreBackup } from './restore.ts';
import { writeBackup } from './write.ts';

let dir = '';
let dataDir = '';
let keyring: Keyring;
let store: Store;
const opened: Store[] = [];

const openAt = async (path: string): Promise<{ readonly keyring: Keyring; readonly store: Store }> => {
  const ring = await openKeyring({ dataDir: path, clock: systemClock });
  const one = await openStore({
    dataDir: path,
    clock: systemClock,
    log: silentLog,
    keyring: ring,
    threads: testThreads,
  });
  opened.push(one);
  return { keyring: ring, store: one };
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-backup-'));
  dataDir = join(dir, 'data');
  ({ keyring, store } = await openAt(dataDir));
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await rm(dir, { recursive: true, force: true });
});

const keyOf = (bytes: Buffer): BackupKey => ({
  isPassphrase: false,
  load: async () => createSecretKey(bytes),
});
const key = keyOf(randomBytes(32));
const passphrase = (text: string): BackupKey => ({
  isPassphrase: true,
  load: (salted) => deriveKey(text, 'the passphrase', salted),
});
const never = new AbortController().signal;

const backUp = (path: string, wish: { key?: BackupKey; signal?: AbortSignal } = {}) =>
  writeBackup(
    { dataDir, keyring, clock: systemClock, threads: testThreads },
    { path, key: wish.key ?? key, signal: wish.signal ?? never },
  );
const restore = (file: string, to: string, given = key) =>
  restoreBackup({ file, key: given, dataDir: to, secrets: undefined });

const object = (name: string, text: string, resource = 'configmaps'): ObjectWrite => ({
  resource,
  namespace: 'default',
  name,
  type: 'created',
  value: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name },
    data: { text },
  },
});

const addBlob = async (data: Buffer): Promise<string> => {
  const sha256 = createHash('sha256').update(data).digest('hex');
  const id = await store.blobs.beginUpload(data.length, 1);
  await store.blobs.appendUpload(
    id,
    0,
    (async function* () {
      yield data;
    })(),
  );
  await store.blobs.finishUpload(id, sha256, 1);
  return sha256;
};

/** A backup of some of everything. */
const someBackup = async (): Promise<string> => {
  await store.objects.write([object('a', 'one'), object('b', 'planted-4711', 'secrets')]);
  await addBlob(randomBytes(700_000));
  const file = join(dir, 'some.backup');
  await backUp(file);
  return file;
};

test('what is restored has the digest of its origin, the same objects, secrets and blobs', async () => {
  await store.objects.write([object('a', 'one'), object('b', 'planted-4711', 'secrets')]);
  const sha256 = await addBlob(Buffer.from('content'));
  const file = join(dir, 'x.backup');
  const { digest, about } = await backUp(file);

  const read = await restore(file, join(dir, 'copy'));

  expect(read.digest).toEqual(digest);
  expect([about.revision, about.counts['blob'], about.counts['object_log']]).toEqual([2, 1, 2]);
  const copy = await openAt(join(dir, 'copy'));
  expect((await copy.store.objects.snapshot()).rows).toEqual((await store.objects.snapshot()).rows);
  expect((await readAll(copy.store.blobs, sha256)).toString()).toBe('content');
  expect((await readFile(file)).includes('planted-4711')).toBe(false);
});

test('a backup taken while others write is of one moment: the rows up to its revision, and all that was answered before', async () => {
  for (let i = 0; i < 300; i++) await store.objects.write([object(`before-${i}`, 'x'.repeat(2_000))]);
  let going = true;
  const writing = (async () => {
    for (let i = 0; going; i++) await store.objects.write([object(`during-${i}`, 'y'.repeat(2_000))]);
  })();

  const { about } = await backUp(join(dir, 'x.backup'));
  going = false;
  await writing;

  await restore(join(dir, 'x.backup'), join(dir, 'copy'));
  const copy = await openAt(join(dir, 'copy'));
  const upTo = (await store.objects.since(0, 100_000)).filter(({ revision }) => revision <= about.revision);
  expect(await copy.store.objects.since(0, 100_000)).toEqual(upTo);
  expect(about.revision).toBeGreaterThanOrEqual(300);
  expect((await store.objects.since(0, 100_000)).length).toBeGreaterThan(upTo.length);
});

test('what is sealed under several data keys opens in the copy, under a key of its own', async () => {
  await store.objects.write([object('old', 'first', 'secrets')]);
  await keyring.addKey();
  await store.objects.write([object('new', 'second', 'secrets')]);
  await backUp(join(dir, 'x.backup'));

  await restore(join(dir, 'x.backup'), join(dir, 'copy'));

  const copy = await openAt(join(dir, 'copy'));
  const texts = (await copy.store.objects.snapshot()).rows.map(({ value }) => value['data']);
  expect(texts).toEqual(expect.arrayContaining([{ text: 'first' }, { text: 'second' }]));
  expect(await readFile(`${join(dir, 'copy')}.key`)).not.toEqual(await readFile(`${dataDir}.key`));
});

test('every flipped bit is refused, saying where', async () => {
  const file = await someBackup();
  const bytes = await readFile(file);
  const places = [0, 9, 40, 200, Math.floor(bytes.length / 2), bytes.length - 300_000, bytes.length - 1];
  for (const place of places) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 4;
    await writeFile(file, changed);
    await expect(restore(file, join(dir, 'copy')), `byte ${place}`).rejects.toThrow(
      /not a backup of Drover|header is damaged|chunk \d+ was changed|chunk \d+ stands where/,
    );
  }
  expect(await readdir(dir)).not.toContain('copy');
  expect(await readdir(dir)).not.toContain('copy.restoring');
});

test('a cut backup is refused wherever it is cut, and one to which something was added', async () => {
  const file = await someBackup();
  const bytes = await readFile(file);
  for (const size of [0, 5, 100, 800, 5_000, bytes.length - 262_000, bytes.length - 1]) {
    await writeFile(file, bytes.subarray(0, size));
    await expect(readBackup(file, key), `${size} bytes`).rejects.toThrow(
      size < 8 ? /not a backup/ : /it ends (early|within its header)|header is damaged/,
    );
  }
  await writeFile(file, Buffer.concat([bytes, Buffer.from('x')]));
  await expect(readBackup(file, key)).rejects.toThrow('something follows its end');
});

test('chunks that changed places are told from chunks that were changed', async () => {
  const file = await someBackup();
  const bytes = await readFile(file);
  const first = bytes.readUInt32BE(8) + 12 + 32;
  const size = 13 + 256 * 1024 + 16;
  const [one, two] = [bytes.subarray(first, first + size), bytes.subarray(first + size, first + 2 * size)];
  await writeFile(
    file,
    Buffer.concat([bytes.subarray(0, first), two, one, bytes.subarray(first + 2 * size)]),
  );

  await expect(readBackup(file, key)).rejects.toThrow('chunk 1 stands where 0 belongs');
});

test('a wrong key, and a passphrase where a key belongs, are refused with what to give', async () => {
  const file = await someBackup();
  await backUp(join(dir, 'p.backup'), { key: passphrase('correct horse battery') });

  await expect(readBackup(file, keyOf(randomBytes(32)))).rejects.toThrow('the key is not the one');
  await expect(readBackup(file, passphrase('correct horse battery'))).rejects.toThrow('give --key-file');
  const other = readBackup(join(dir, 'p.backup'), passphrase('another horse battery'));
  await expect(other).rejects.toThrow('the passphrase is not the one');
  await expect(readBackup(join(dir, 'p.backup'), key)).rejects.toThrow('give the passphrase');
  await readBackup(join(dir, 'p.backup'), passphrase('correct horse battery'));
});

test('nothing is overwritten: a directory in use, one with data and one with anything are refused', async () => {
  const file = await someBackup();
  await expect(restore(file, dataDir)).rejects.toThrow(`a controller (process ${process.pid}) is using it`);
  await store.close();
  await expect(restore(file, dataDir)).rejects.toThrow('nothing is overwritten; choose another --data-dir');
  const busy = join(dir, 'busy');
  await mkdir(busy);
  await writeFile(join(busy, 'x'), 'kept');
  await expect(restore(file, busy)).rejects.toThrow('it is not empty; choose another --data-dir');
  expect(await readdir(busy)).toEqual(['x']);
});

test('an empty directory is taken, and what a killed restore left beside it is not in the way', async () => {
  const file = await someBackup();
  await mkdir(join(dir, 'copy.restoring/blobs'), { recursive: true });
  await writeFile(join(dir, 'copy.restoring/drover.db'), 'half');
  await mkdir(join(dir, 'copy'));

  await restore(file, join(dir, 'copy'));

  expect(await readdir(dir)).not.toContain('copy.restoring');
  expect((await stat(join(dir, 'copy'))).mode & 0o777).toBe(0o700);
});

test('a backup of a newer Drover is refused with its version, before anything is made', async () => {
  const file = await someBackup();
  const database = new (await import('node:sqlite')).DatabaseSync(join(dataDir, 'drover.db'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  await backUp(join(dir, 'newer.backup'));

  await expect(restore(join(dir, 'newer.backup'), join(dir, 'copy'))).rejects.toThrow(
    /rows are of schema 999, written by Drover \S+, and this Drover knows up to/,
  );
  expect(await readdir(dir)).not.toContain('copy.restoring');
  await readBackup(file, key);
});

test('a backup that is given up leaves no file', async () => {
  await addBlob(randomBytes(3_000_000));
  const stop = new AbortController();
  const going = backUp(join(dir, 'x.backup'), { signal: stop.signal });
  stop.abort();

  await expect(going).rejects.toThrow();
  expect((await readdir(dir)).filter((name) => name.startsWith('x.'))).toEqual([]);
});

test('what a killed process left in the staging folder is gone after the next start', async () => {
  await mkdir(join(dataDir, 'staging'));
  await writeFile(join(dataDir, 'staging/x.part'), 'half');

  const desk = await openBackupDesk({ dataDir, keyring, clock: systemClock, threads: testThreads });

  expect(await readdir(join(dataDir, 'staging'))).toEqual([]);
  await desk.close();
});

test('while a backup is made nothing that it reads is removed, and afterwards it may be', async () => {
  const hold = createHold();
  const desk = await openBackupDesk({ dataDir, keyring, clock: systemClock, threads: testThreads, hold });
  const isHeld = async (): Promise<boolean> => (await hold.unlessHeld(async () => true)) === undefined;
  let heldMeanwhile = false;
  const load: typeof key.load = async (salted) => {
    heldMeanwhile = await isHeld();
    return key.load(salted);
  };

  await desk.make({ ...key, load }, new AbortController().signal);

  expect([heldMeanwhile, await isHeld()]).toEqual([true, false]);
  await desk.close();
});
