import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { openWriter } from './files.ts';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-migrating-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const child = new URL('./migrating.child.ts', import.meta.url).pathname;
const log = () => join(dataDir, 'drover.db-wal');

/** Kills the program once its migration has written more than fits into memory. */
const killInTheMiddle = async (): Promise<void> => {
  const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', child, dataDir]);
  const ended = once(running, 'exit');
  const deadline = performance.now() + 15_000;
  while (!existsSync(log()) || statSync(log()).size < 8 * 1024 * 1024) {
    if (performance.now() > deadline || running.exitCode !== null) throw new Error('it has not begun');
    await delay(10);
  }
  running.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
};

test('a migration that is killed has not happened: the version of before opens, and the next start does it all', async () => {
  const before = openWriter(dataDir);
  before.database.exec("INSERT INTO meta VALUES ('k', 'of before')");
  before.close();

  await killInTheMiddle();

  const old = openWriter(dataDir);
  const value = () => old.database.row("SELECT value FROM meta WHERE key = 'k'")?.['value'];
  expect(value()).toBe('of before');
  expect(old.database.row("SELECT 1 FROM sqlite_master WHERE name = 'half_done'")).toBeUndefined();
  old.close();
  const steps = [...migrations, 'CREATE TABLE half_done (n INTEGER)'];
  const next = openWriter(dataDir, steps);
  expect(next.database.schema()).toBe(steps.length);
  expect(next.database.tuple('SELECT count(*) FROM half_done')).toEqual([0]);
  next.close();
});
