// How long things are kept, in a real controller: set while it serves, acted on at once, and still there after kill -9.
import type { RetentionPolicy } from '@drover/api';
import { createClient, retentionPolicies } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { plantRecording } from '../harness/old-recording.ts';
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

test('a recording goes when the policy says so, and who changed the policy is in the trail', async () => {
  expect((await policy()).spec).toMatchObject({ audit: { keepDays: 500 }, recordings: { keepDays: 90 } });
  const isThere = await plantRecording(controller, {
    id: '00000000000000000000000001',
    text: `${JSON.stringify(header)}\n`,
    endedMs: Date.now() - 40 * 86_400_000,
  });
  await set({ recordings: { keepDays: 60 } });
  await waitFor('it to be counted', async () =>
    (await policy()).status?.kept?.some(({ name, count }) => name === 'recordings' && count === 1),
  );
  expect(await isThere()).toBe(true);
  await set({ recordings: { keepDays: 30 } });
  await waitFor('it to be gone', async () => !(await isThere()));
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
