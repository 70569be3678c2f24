import { chmodSync, existsSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import type { ThreadSource } from './channel.ts';
import { openStore } from './index.ts';
import type { ObjectWrite } from './store.ts';
import { startThread } from './thread.ts';

let dataDir = '';
const base = { clock: systemClock, log: silentLog };
const open = (dir = dataDir) => openStore({ ...base, dataDir: dir });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-open-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

const toWrite = (name: string): ObjectWrite => ({
  resource: 'r',
  namespace: '',
  name,
  type: 'created',
  value: { apiVersion: 'v1', kind: 'R', metadata: { name } },
  expect: 0,
});

test('a data directory serves one controller at a time', async () => {
  const store = await open();

  await expect(open()).rejects.toThrow(/another controller \(process \d+\) is using it/);
  await store.close();
  await (await open()).close();
});

test('nobody else on the machine can read what is stored, whatever the directory and the umask allow', async () => {
  await chmod(dataDir, 0o755);
  await writeFile(join(dataDir, 'drover.db'), '', { mode: 0o644 });
  const store = await open();
  const id = await store.blobs.beginUpload(1, systemClock.nowMs());
  await store.meta.set('some', 'value');

  const files = ['drover.db', 'drover.db-wal', 'drover.db-shm', `uploads/${id}`];
  const modes = files.map((name) => (statSync(join(dataDir, name)).mode & 0o777).toString(8));
  const folders = ['blobs', 'uploads'].map((name) =>
    (statSync(join(dataDir, name)).mode & 0o777).toString(8),
  );
  await store.close();
  expect(modes).toEqual(['600', '600', '600', '600']);
  expect(folders).toEqual(['700', '700']);
});

test('data of a newer version are refused and left as they are', async () => {
  await (await open()).close();
  const file = new DatabaseSync(join(dataDir, 'drover.db'));
  file.exec('PRAGMA user_version = 99');
  file.close();

  await expect(open()).rejects.toThrow(/newer version of Drover \(schema 99/);
  await expect(open()).rejects.toThrow(/newer version/);
});

test('a file that is no database is refused by name', async () => {
  await writeFile(
    join(dataDir, 'drover.db'),
    'this is not a database, but it is long enough to look at'.repeat(50),
  );

  await expect(open()).rejects.toThrow(/drover\.db cannot be read/);
});

test('a place that cannot be a directory is refused in one line', async () => {
  await writeFile(join(dataDir, 'file'), '');

  await expect(open(join(dataDir, 'file', 'x'))).rejects.toThrow(/cannot open data directory .*--data-dir/);
});

test.skipIf(process.getuid?.() === 0)('a directory that is not writable is refused in one line', async () => {
  chmodSync(dataDir, 0o500);

  await expect(open()).rejects.toThrow(/not writable/);
  chmodSync(dataDir, 0o700);
});

test('closing answers everything that was asked before, and refuses what comes after', async () => {
  const store = await open();
  const writes = Array.from({ length: 500 }, (_, i) => store.objects.write([toWrite(`n${i}`)]));
  const closed = store.close();
  await closed;

  expect((await Promise.all(writes)).length).toBe(500);
  await expect(store.meta.get('x')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
});

test('content and uploads without an index are cleared away at the next start', async () => {
  await (await open()).close();
  const stray = join(dataDir, 'uploads', 'stray');
  await writeFile(stray, 'x');

  await (await open()).close();

  expect(existsSync(stray)).toBe(false);
});

test('an argument that cannot be copied refuses its caller and nothing else', async () => {
  const store = await open();
  const facts = { os: 'debian' };
  const row = { node: 'n', serial: '', machineId: '', bootId: '', journalId: '' };
  const versions = { agentVersion: '', agentSha256: '', pythonVersion: '' };
  // A caller that gets past the types.
  const broken = (() => 1) as unknown as string;

  await expect(store.agents.connected({ ...row, ...versions, facts, serial: broken }, 1)).rejects.toThrow();
  await store.agents.connected({ ...row, ...versions, facts }, 1);

  expect((await store.agents.get('n'))?.facts).toEqual(facts);
  await store.close();
});

test('a thread that has closed one data directory serves the next, with nothing of the first', async () => {
  const given: Worker[] = [];
  const idle: Worker[] = [];
  const threads: ThreadSource = {
    take: () => {
      const thread = idle.pop() ?? startThread();
      given.push(thread);
      return thread;
    },
    release: (thread) => void idle.push(thread),
  };
  const seen: (string | undefined)[] = [];
  for (const name of ['one', 'two', 'one']) {
    const store = await openStore({ ...base, dataDir: join(dataDir, name), threads });
    seen.push(await store.meta.get('k'));
    await store.meta.set('k', name);
    await store.close();
  }

  expect(seen).toEqual([undefined, undefined, 'one']);
  expect([given.length, new Set(given).size]).toEqual([6, 2]);
  await Promise.all([...new Set(given)].map((thread) => thread.terminate()));
});
