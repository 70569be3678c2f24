// The chain against somebody who can write to the database, and against kill -9.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from './index.ts';
import type { Store } from './store.ts';
import { testThreads } from './test-threads.ts';

let dataDir = '';
let store: Store | undefined;
const open = async (): Promise<Store> => {
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  return store;
};
const close = async (): Promise<void> => {
  await store?.close();
  store = undefined;
};

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-audit-'));
});
afterEach(async () => {
  await close();
  await rm(dataDir, { recursive: true, force: true });
});

const entry = { time: '2026-01-01T00:00:00.000Z', verb: 'create', resource: 'x', decision: 'allow' } as const;

const fill = async (count: number): Promise<void> => {
  const opened = await open();
  for (let i = 1; i <= count; i++) await opened.audit.append({ ...entry, user: `user${i}` });
  await close();
};

const tamper = (sql: string): void => {
  const file = new DatabaseSync(join(dataDir, 'drover.db'));
  file.exec(sql);
  file.close();
};

const found = async () => (await (await open()).audit.verify()).problem;

test.each([
  ['a changed row', `UPDATE audit SET row = replace(row, 'user3', 'nobody') WHERE seq = 3`, 3, 'was changed'],
  ['a changed hash', `UPDATE audit SET hash = hex(zeroblob(32)) WHERE seq = 3`, 3, 'was changed'],
  ['a row that is no JSON', `UPDATE audit SET row = '{' WHERE seq = 3`, 3, 'was changed'],
  ['a removed row', 'DELETE FROM audit WHERE seq = 4', 4, 'was removed'],
  ['the first rows removed', 'DELETE FROM audit WHERE seq < 3', 1, 'was removed'],
  [
    'two rows that changed places',
    'UPDATE audit SET seq = 100 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 100',
    3,
    'was changed or moved',
  ],
  [
    'the first rows removed as if by retention',
    'INSERT INTO audit_anchor SELECT 1, seq, hash FROM audit WHERE seq = 3; DELETE FROM audit WHERE seq < 4',
    3,
    'not by retention',
  ],
])('verify names the row: %s', async (_what, sql, seq, why) => {
  await fill(6);
  tamper(sql);

  expect(await found()).toEqual({ seq, why: expect.stringContaining(why) });
});

test('verify names a row that was replaced together with its hash', async () => {
  await fill(6);
  const { createHash } = await import('node:crypto');
  const file = new DatabaseSync(join(dataDir, 'drover.db'));
  const { prev, row } = file.prepare('SELECT prev, row FROM audit WHERE seq = 3').get() as Record<
    string,
    string
  >;
  const forged = String(row).replace('user3', 'nobody');
  const hash = createHash('sha256').update(`${prev}${forged}`).digest('hex');
  file.prepare('UPDATE audit SET row = ?, hash = ? WHERE seq = 3').run(forged, hash);
  file.close();

  expect(await found()).toEqual({ seq: 3, why: 'row 3 was replaced' });
});

test('a controller that runs notices that its newest rows are gone, or were written anew', async () => {
  const opened = await open();
  for (let i = 0; i < 5; i++) await opened.audit.append({ ...entry, user: 'ada' });
  tamper('DELETE FROM audit WHERE seq > 3');
  expect((await opened.audit.verify()).problem).toEqual({ seq: 4, why: expect.stringContaining('removed') });
});

/** [request or row, name] pairs that the child acknowledged before it was killed. */
const acknowledgedUntilKilled = (afterMs: number, prefix: string): Promise<readonly string[]> => {
  const script = new URL('./audit.child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dataDir, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (data: string) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += data;
  });
  return new Promise((resolve) => child.on('close', () => resolve(text.split('\n').slice(0, -1))));
};

test('no change, acknowledged or not, is without its row when the process is killed, nor a row without its change', {
  timeout: 60_000,
}, async () => {
  let acknowledged = 0;
  for (let round = 0; round < 3; round++) {
    const names = await acknowledgedUntilKilled(20 + Math.random() * 200, `r${round}`);
    acknowledged += names.length;
    const opened = await open();
    const objects = (await opened.objects.snapshot()).rows.map((row) => `${row.name} ${row.revision}`);
    const rows: string[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: Awaited<ReturnType<Store['audit']['list']>> = await opened.audit.list({
        filter: {},
        from: { after },
        limit: 1_000,
      });
      rows.push(...page.records.map((row) => `${row.name} ${row.resourceVersion}`));
      after = page.last;
    }
    expect(rows.sort()).toEqual(objects.sort());
    expect(names.filter((name) => !objects.some((object) => object.startsWith(`${name} `)))).toEqual([]);
    expect((await opened.audit.verify()).problem).toBeUndefined();
    await close();
  }
  expect(acknowledged).toBeGreaterThan(50);
});
