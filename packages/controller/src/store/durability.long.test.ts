// Acknowledged means durable: a process that writes is killed at moments of chance, and what it told is looked for.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from './index.ts';

let dataDir = '';
const open = () => openStore({ dataDir, clock: systemClock, log: silentLog });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-durable-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

/** Names that a writing process acknowledged before it was killed. */
const acknowledgedUntilKilled = (afterMs: number, prefix: string): Promise<readonly string[]> => {
  const script = new URL('./durability.child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dataDir, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (data: string) => {
    // Timed from the first acknowledgement, so that a slow start does not make the test empty.
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += data;
  });
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  // What follows the last newline was not wholly told.
  child.on('close', () => resolve(text.split('\n').slice(0, -1)));
  return promise;
};

test('no acknowledged write is lost when the process is killed at any moment', async () => {
  const acknowledged: string[] = [];
  const enough = performance.now() + 10_000; // a slow machine kills less often
  for (let round = 0; round < 2 || (round < 6 && performance.now() < enough); round++) {
    acknowledged.push(...(await acknowledgedUntilKilled(20 + Math.random() * 200, `r${round}`)));

    const store = await open();
    const names = new Set((await store.objects.snapshot()).rows.map((row) => row.name));
    const tasks = new Set((await store.tasks.list({})).map((task) => task.id));
    expect(acknowledged.filter((name) => !names.has(name) && !tasks.has(name))).toEqual([]);
    await store.close();
  }
  expect(acknowledged.length).toBeGreaterThan(50);
}, 60_000);
