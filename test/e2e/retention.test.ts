// How long things are kept, in a real controller: set while it serves, acted on at once, and still there after kill -9.
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetentionPolicy } from '@drover/api';
import { createClient, retentionPolicies } from '@drover/client';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
beforeAll(async () => {
  controller = await ControllerProcess.start({ args: ['--audit-keep-days', '500'] });
});
afterAll(() => controller?.close());

const client = () => createClient(controller.context);
const policy = (): Promise<RetentionPolicy> => client().get(retentionPolicies, 'default');
const set = (spec: unknown): Promise<unknown> =>
  client().patch(retentionPolicies, 'default', { type: 'merge', body: { spec } });
const must = async (...args: readonly string[]): Promise<string> => {
  const done = await cli(controller, args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const header = {
  version: 2,
  width: 80,
  height: 24,
  timestamp: 1,
  title: 't',
  drover: { node: 'n', user: 'u' },
};

const id = '00000000000000000000000001';
/** A recording of long ago, where the store has them. */
const plant = async (text: string, endedMs: number): Promise<void> => {
  const { storeUrl } = controller;
  if (storeUrl === undefined) {
    const file = join(controller.dataDir, 'recordings', `${id}.cast`);
    await writeFile(file, text);
    return utimes(file, endedMs / 1_000, endedMs / 1_000);
  }
  const database = new Client(storeUrl);
  await database.connect();
  try {
    const row = 'INSERT INTO recording (id, alive_at_ms, ended) VALUES ($1, $2, true)';
    await database.query(row, [id, endedMs]);
    await database.query('INSERT INTO piece (body, at, data) VALUES ($1, 0, $2)', [id, Buffer.from(text)]);
  } finally {
    await database.end();
  }
};

test('a recording goes when the policy says so, and who changed the policy is in the trail', async () => {
  expect((await policy()).spec).toMatchObject({ audit: { keepDays: 500 }, recordings: { keepDays: 90 } });
  await plant(`${JSON.stringify(header)}\n`, Date.now() - 40 * 86_400_000);
  await set({ recordings: { keepDays: 60 } });
  await waitFor('it to be counted', async () =>
    (await policy()).status?.kept?.some(({ name, count }) => name === 'recordings' && count === 1),
  );
  expect(await must('recordings', 'list')).toContain(id);
  await set({ recordings: { keepDays: 30 } });
  await waitFor('it to be gone', async () => !(await must('recordings', 'list')).includes(id));
  expect(await must('audit', 'list', '--resource', 'retentionpolicies')).toMatch(/admin +patch/);
});

test('the audit trail cannot be made to forget, and another policy cannot be made', async () => {
  await expect(set({ audit: { keepRows: 3 } })).rejects.toThrow(/spec\.audit\.keepRows/);
  await expect(set({ audit: { keepDays: 1 } })).rejects.toThrow(/spec\.audit\.keepDays/);
  await expect(client().create(retentionPolicies, { metadata: { name: 'mine' }, spec: {} })).rejects.toThrow(
    /must be "default"/,
  );
});

test('what was set holds after kill -9; deleted, the defaults are back', async () => {
  await set({ work: { keepDays: 3 } });
  await controller.kill9();
  await controller.start();
  expect((await policy()).spec.work).toEqual({ keepDays: 3 });
  await client().delete(retentionPolicies, 'default');
  await waitFor(
    'the defaults',
    async () => (await policy().catch(() => undefined))?.spec.work.keepDays === 30,
  );
});
