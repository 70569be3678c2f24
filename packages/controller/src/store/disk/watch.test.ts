import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import type { Store } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import type { Threads } from '../threads.ts';
import { DiskWatch } from './watch.ts';

let dir = '';
let store: Store;
let watch: DiskWatch;
/** How the next writes fail; '': they do not. */
let fault: '' | 'full' | 'failing' = '';
const lines: string[] = [];

/** A real store; only what the kernel would say of the disk is put in between. */
const threads = (): Threads => ({
  read: (async () => 0) as unknown as Threads['read'],
  write: (async (_operation: string, { key = '', value = '' }: { key?: string; value?: string }) => {
    if (fault === 'full') throw new ApiError('InsufficientStorage', 'database or disk is full');
    if (fault === 'failing')
      throw new ApiError('ServiceUnavailable', 'disk I/O error', {
        causes: [{ reason: 'StorageNotWritable', message: 'disk I/O error' }],
      });
    await store.meta.set(key, value);
  }) as unknown as Threads['write'],
  close: async () => undefined,
});

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'drover-watch-'));
  store = await openStore({ dataDir: dir, clock: systemClock, log: silentLog, threads: testThreads });
  fault = '';
  lines.length = 0;
  const told = (_: unknown, message: string): void => void lines.push(message);
  const log = { ...silentLog, error: told, warn: told, info: told, child: () => log };
  watch = new DiskWatch({ dataDir: dir, clock: systemClock, log, lookMs: 5 });
});
afterEach(async () => {
  await watch.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const set = (guarded: Threads) => guarded.write('tasks.requeue', { ids: [], nowMs: 0, controller: '' });
const ended = { timeout: 5_000, interval: 5 };

test('a write that the disk failed is refused with path and remedy, and so are those after it, without trying', async () => {
  const guarded = watch.guard(threads());
  watch.keepReserve();
  await expect.poll(() => existsSync(join(dir, 'reserve')), ended).toBe(true);
  fault = 'full';
  await expect(set(guarded)).rejects.toMatchObject({ code: 507, message: expect.stringContaining(dir) });
  expect(existsSync(join(dir, 'reserve'))).toBe(false);
  expect(watch.condition.state).toBe('full');
  await expect(set(guarded)).rejects.toThrow('delete what is not needed');
  fault = '';
  await expect.poll(() => watch.condition.state, ended).toBe('ok');
  await set(guarded);
  await expect.poll(() => existsSync(join(dir, 'reserve')), ended).toBe(true);
});

test('the log hears of each change once, however many writes fail', async () => {
  const guarded = watch.guard(threads());
  fault = 'failing';
  const refused = await Promise.allSettled(Array.from({ length: 50 }, () => set(guarded)));
  expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
  await expect.poll(() => lines.length, ended).toBe(1);
  fault = '';
  await expect.poll(() => lines.length, ended).toBe(2);
  expect(lines).toEqual([expect.stringContaining('cannot be written'), 'the disk can be written again']);
});

test('who waits hears of the change at once', async () => {
  const guarded = watch.guard(threads());
  fault = 'failing';
  await set(guarded).catch(() => undefined);
  await expect.poll(() => lines.length, ended).toBe(1);
  const changed = watch.changed(60_000);
  fault = '';
  await changed;
  expect(watch.condition).toMatchObject({ state: 'ok', lastFault: { state: 'failing' } });
});
