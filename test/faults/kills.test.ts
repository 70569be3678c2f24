// Nothing is lost by kill -9: the small form of `npm run bench -- faults`.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@drover/client';
import { afterAll, expect, test } from 'vitest';
import { startRealFleet } from '../../bench/real-fleet.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { killAtRandom } from './killing.ts';
import { startStream } from './promises.ts';
import { judge } from './verdict.ts';

const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
});

test('ten kills of controller and agents lose no result, repeat no command and undo no write', async () => {
  const { signal } = new AbortController();
  const dir = await mkdtemp(join(tmpdir(), 'drover-kills-'));
  defer(() => rm(dir, { recursive: true, force: true }));
  const controller = await ControllerProcess.start();
  defer(() => controller.close());
  const agents = await startRealFleet({ signal, defer }, controller, 3);
  const client = createClient(controller.context);
  defer(() => client.close());
  const marks = { file: join(dir, 'lines') };
  await writeFile(marks.file, '');

  const stream = startStream({ client, marks, signal, pauseMs: 100 });
  await killAtRandom({ controller, agents }, 10, signal);
  const verdict = await judge(
    client,
    {
      promises: await stream.end(),
      nodes: agents.map((agent) => agent.name),
      lines: async () => (await readFile(marks.file, 'utf8')).split('\n').filter(Boolean),
      switchedOff: new Set(),
    },
    60_000,
  );

  expect(verdict.runs).toBeGreaterThan(0);
  expect(verdict.tasks).toBe(verdict.expectedTasks);
  expect(verdict).toMatchObject({ lost: [], duplicated: [], unknown: [], writesMissing: [] });
  expect(verdict.succeeded).toBe(verdict.tasks);
});
