import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import { type Keyring, openKeyring } from '../sealing/keyring.ts';
import type { Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import { openerOf } from './opener.ts';
import { readBackup } from './restore.ts';
import {
  type BackupNews,
  type BackupPlan,
  type BackupRoutine,
  openBackupRoutine,
  type RoutineDeps,
} from './routine.ts';
import { RoutineAccount } from './routine-state.ts';

const dayMs = 86_400_000;
let dir = '';
let keyring: Keyring;
let store: Store;
let aheadMs = 0;
let news: BackupNews[] = [];
const running: BackupRoutine[] = [];
const clock = { nowMs: () => systemClock.nowMs() + aheadMs };

/** The clock shows a moment before 02:30. */
const almostDue = (): void => {
  const today = Date.parse('2026-01-10T02:29:59.800Z');
  aheadMs = today - systemClock.nowMs();
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-routine-'));
  const dataDir = join(dir, 'data');
  keyring = await openKeyring({ dataDir, clock });
  store = await openStore({ dataDir, clock, log: silentLog, keyring, threads: testThreads });
  await writeFile(join(dir, 'key'), randomBytes(32), { mode: 0o600 });
  news = [];
  almostDue();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

const source = () => ({ kind: 'file', path: join(dir, 'key') }) as const;
const open = async (
  changes: Partial<BackupPlan> = {},
  among: Partial<Pick<RoutineDeps, 'leads' | 'meta'>> = {},
): Promise<BackupRoutine> => {
  const own = { directory: join(dir, 'backups'), schedule: '30 2 * * *', timeZone: 'UTC', keep: 2 };
  const tell = async (one: BackupNews): Promise<void> => {
    news.push(one);
  };
  const { meta } = store;
  const deps = {
    dataDir: join(dir, 'data'),
    keyring,
    clock,
    threads: testThreads,
    meta,
    log: silentLog,
    tell,
    ...among,
  };
  const routine = await openBackupRoutine({ ...own, source: source(), ...changes }, deps);
  running.push(routine);
  return routine;
};
const closeAll = async (): Promise<void> => {
  for (const one of running.splice(0)) await one.close();
};
const told = (count: number) => vi.waitFor(() => expect(news).toHaveLength(count), { timeout: 18_000 });
const inDirectory = async () => (await readdir(join(dir, 'backups'))).sort();

test('what is due is made: a whole backup under its name, and told with all that there is to know', async () => {
  aheadMs -= 2_000;
  const routine = await open();
  expect((await routine.status()).schedule).toMatchObject({ nextAt: '2026-01-10T02:30:00Z' });
  await told(1);

  const { schedule, files } = await routine.status();
  const [file] = files;
  expect(file?.name).toMatch(/^drover-20260110T02300\dZ-r0\.backup$/);
  expect(await inDirectory()).toEqual([file?.name]);
  expect(schedule).toMatchObject({ lastSuccess: file, nextAt: '2026-01-11T02:30:00Z', keep: 2 });
  expect(news).toEqual([{ kind: 'made', file }]);
  const read = await readBackup(join(dir, 'backups', file?.name ?? ''), openerOf(source()));
  expect(read.digest.sha256).toBe(file?.digest);
  expect(routine.figures()).toMatchObject({ failedMs: 0, sizeBytes: file?.sizeBytes });
});

test('what fell due while nobody was there is made once', async () => {
  await open();
  await told(1);
  await closeAll();
  aheadMs += 3 * dayMs;

  const routine = await open();
  await told(2);
  await closeAll();
  await open();

  expect((await routine.status()).schedule?.nextAt).toBe('2026-01-14T02:30:00Z');
  await vi.waitFor(async () => expect((await running[0]?.status())?.schedule?.startedAt).toBeUndefined());
  expect(news).toHaveLength(2);
});

test('a first start, and another schedule, make none for what was before', async () => {
  aheadMs += 3_600_000;
  expect((await (await open()).status()).schedule?.nextAt).toBe('2026-01-11T02:30:00Z');
  await closeAll();
  aheadMs += 2 * dayMs;
  const { schedule } = await (await open({ schedule: '0 4 * * *' })).status();
  expect(schedule).toMatchObject({ nextAt: '2026-01-12T04:00:00Z' });
  expect(schedule?.startedAt).toBeUndefined();
});

test('a clock that was years ahead for a moment puts no backup off', async () => {
  aheadMs += 3_650 * dayMs;
  await open();
  await closeAll();
  almostDue();

  await open();
  await told(1);
  expect(news[0]?.kind).toBe('made');
});

test('the newest are kept, of those made here only', async () => {
  await mkdir(join(dir, 'backups'));
  const foreign = ['drover-20200101T000000Z-r1.backup', 'notes.txt', '.drover-other'];
  for (const name of foreign) await writeFile(join(dir, 'backups', name), 'of somebody else');
  for (let count = 1; count <= 4; count++) {
    await open();
    await told(count);
    await closeAll();
    aheadMs += dayMs;
  }

  const made = news.map((one) => (one.kind === 'made' ? one.file.name : one.message));
  expect(new Set(made).size).toBe(4);
  expect(await inDirectory()).toEqual([...foreign, ...made.slice(2)].sort());
});

test('a failure says why, is kept over a restart, and is made good ten minutes later', async () => {
  aheadMs -= 2_000;
  const routine = await open();
  await rename(join(dir, 'backups'), join(dir, 'away'));
  await told(1);
  const message = `cannot back up: ${join(dir, 'backups')} cannot be written (ENOENT)`;
  expect(news).toEqual([{ kind: 'failed', message }]);
  const { schedule } = await routine.status();
  expect(schedule?.lastFailure?.message).toBe(message);
  expect(schedule?.nextAt).toMatch(/^2026-01-10T02:40:0/);
  await closeAll();
  await rename(join(dir, 'away'), join(dir, 'backups'));

  aheadMs += 600_000;
  const again = await open();
  await told(2);

  expect(news[1]?.kind).toBe('made');
  expect((await again.status()).schedule?.lastFailure?.message).toBe(message);
});

test('what a killed process left is taken away, and the backup is made', async () => {
  aheadMs -= 60_000;
  await open();
  await closeAll();
  almostDue();
  const state = JSON.parse((await store.meta.get('backup/routine')) ?? '') as object;
  await store.meta.set('backup/routine', JSON.stringify({ ...state, writing: '.drover-half' }));
  for (const name of ['.drover-half', '.drover-half.x.part'])
    await writeFile(join(dir, 'backups', name), 'half');

  await open();
  await told(1);

  expect(await inDirectory()).toEqual([expect.stringMatching(/^drover-20260110T0230/)]);
});

test('a backup that is under way is given up when the controller stops, and made after the next start', async () => {
  const routine = await open();
  await vi.waitFor(async () => expect((await routine.status()).schedule?.startedAt).toBeDefined());
  await closeAll();
  expect((await inDirectory()).filter((name) => name.startsWith('.'))).toEqual([]);
  const before = news.length;

  await open();
  await told(1);
  expect(before).toBeLessThanOrEqual(1);
});

const stored = async (): Promise<readonly string[]> => {
  const { files } = JSON.parse((await store.meta.get('backup/routine')) ?? '{}') as {
    files?: readonly { readonly name: string }[];
  };
  return files?.map(({ name }) => name) ?? [];
};

test('who does not lead tells what the leader made', async () => {
  const other = await open({}, { leads: () => false });
  const leader = await open();
  await told(1);

  await vi.waitFor(() => expect(other.figures()).toEqual(leader.figures()), { timeout: 15_000 });
  expect(other.figures().madeMs).toBeGreaterThan(0);
}, 40_000);

test('a new leader that cannot read the account waits for it, and goes on with it', async () => {
  let [leads, isAway, asked] = [false, false, 0];
  const get = async (key: string): Promise<string | undefined> => {
    asked += 1;
    if (isAway) throw new Error('the database is away');
    return store.meta.get(key);
  };
  const next = await open({}, { leads: () => leads, meta: { ...store.meta, get } });
  isAway = true;
  const former = await open();
  await told(1);
  await former.close();
  const before = asked;
  leads = true;
  await vi.waitFor(() => expect(asked).toBeGreaterThan(before), { timeout: 15_000 });
  isAway = false;

  await vi.waitFor(async () => expect((await next.status()).files).toHaveLength(1), { timeout: 15_000 });
  expect(await stored()).toHaveLength(1);
  expect(news).toHaveLength(1);
  expect((await next.status()).schedule?.nextAt).toBe('2026-01-11T02:30:00Z');
}, 60_000);

test('what another controller has written meanwhile is kept, also by one that led before and goes on late', async () => {
  const name = 'drover-20260109T023000Z-r0.backup';
  const others = { name, createdAt: '2026-01-09T02:30:00Z', revision: 0, digest: '', sizeBytes: 1 };
  let isDone = false;
  const replace: Store['meta']['replace'] = async (key, was, value) => {
    const now = JSON.parse(was ?? '{}') as { readonly files?: readonly unknown[] };
    if (!isDone && value.includes('lastSuccess')) {
      isDone = true;
      await store.meta.set(key, JSON.stringify({ ...now, files: [others, ...(now.files ?? [])] }));
    }
    return store.meta.replace(key, was, value);
  };
  await open({}, { meta: { ...store.meta, replace } });
  await told(1);

  expect(await stored()).toEqual([expect.stringMatching(/^drover-20260110T02300/), name]);
});

test('what could not be written of the account is written with the next change', async () => {
  let isAway = false;
  const replace: Store['meta']['replace'] = async (...change) => {
    if (isAway) throw new Error('the database is away');
    return store.meta.replace(...change);
  };
  const times = { directory: '/x', schedule: '30 2 * * *', timeZone: 'UTC' };
  const account = await RoutineAccount.open({ ...store.meta, replace }, times, clock);
  const lastFailure = { at: '2026-01-01T00:00:00Z', message: 'm' };
  isAway = true;
  await expect(account.change((state) => ({ ...state, lastFailure }))).rejects.toThrow('away');
  await account.load();
  expect(account.state.lastFailure).toEqual(lastFailure);

  isAway = false;
  await account.change((state) => ({ ...state, writing: 'w' }));

  expect(JSON.parse((await store.meta.get('backup/routine')) ?? '')).toMatchObject({
    lastFailure,
    writing: 'w',
  });
});

test('a start with what cannot be followed is refused in one clear line', async () => {
  await expect(open({ directory: join(dir, 'data/backups') })).rejects.toThrow('it is in the data directory');
  await expect(open({ directory: join(dir, 'x/y') })).rejects.toThrow(
    `cannot start: backups cannot be put into ${join(dir, 'x/y')}: the directory that it belongs into is not there; choose another --backup-dir`,
  );
  await writeFile(join(dir, 'file'), 'x');
  await expect(open({ directory: join(dir, 'file') })).rejects.toThrow('it is not a directory');
  const missing = { kind: 'file', path: join(dir, 'nokey') } as const;
  await expect(open({ source: missing })).rejects.toThrow(
    /cannot use the key file \S+nokey: it is not there/,
  );
  const path = join(dir, 'short');
  await writeFile(path, 'short\n', { mode: 0o600 });
  await expect(open({ source: { kind: 'passphrase-file', path } })).rejects.toThrow(
    'fewer than 12 characters',
  );
  await chmod(path, 0o644);
  await expect(open({ source: { kind: 'passphrase-file', path } })).rejects.toThrow('chmod o-rwx');
});
