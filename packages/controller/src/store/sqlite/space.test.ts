import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import { testThreads } from '../test-threads.ts';

test('room that nothing is in any more is given back to the disk, and what is there stays', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-space-'));
  const { tasks, sizes, giveBack, close } = await openStore({
    dataDir,
    clock: systemClock,
    log: silentLog,
    threads: testThreads,
  });
  const deed = { kind: 'command', argv: ['x'], script: '', user: '', cwd: '', env: {}, input: '' } as const;
  const task = {
    node: 'n',
    index: 0,
    state: 'queued',
    timeoutMs: 1,
    createdAtMs: 1,
    expiresAtMs: 2,
  } as const;
  const data = new Uint8Array(1024 * 1024).fill(7);
  for (const work of ['w1', 'w2']) {
    await tasks.insert(work, { ...deed, maxOutputBytes: 1e9 }, [{ ...task, id: work }]);
    const chunk = { taskId: work, stream: 1, timeMs: 1 } as const;
    const many = work === 'w1' ? 80 : 1;
    for (let i = 0; i < many; i++) {
      const output = [{ ...chunk, offset: i * data.length, data }];
      await tasks.report({ output, started: [], progress: [], results: [] });
    }
  }
  await tasks.remove('w1');
  const before = (await sizes()).databaseBytes;

  const bytes = await giveBack(new AbortController().signal);

  expect(bytes).toBeGreaterThan(30 * 1024 * 1024);
  expect((await sizes()).databaseBytes).toBe(before - bytes);
  expect(await giveBack(new AbortController().signal)).toBe(0);
  const read = await tasks.output({ taskId: 'w2', stream: 1, fromOffset: 0, limitBytes: 1e9 });
  expect(Buffer.concat(read.map((chunk) => chunk.data)).equals(data)).toBe(true);
  await close();
  await rm(dataDir, { recursive: true, force: true });
});
