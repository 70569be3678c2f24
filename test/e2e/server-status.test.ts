// drover server status, and doctor without a directory, on a healthy controller: whichever its store, it says so.
import type { ServerStatus } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';

let controller: ControllerProcess;
beforeAll(async () => {
  controller = await ControllerProcess.start();
});
afterAll(() => controller?.close());

test('tells of itself, for people and for programs', async () => {
  const { code, stdout, stderr } = await drover(controller, ['server', 'status']);
  expect([code, stderr]).toEqual([0, '']);
  const store = controller.storeUrl === undefined ? 'SQLite, embedded' : 'PostgreSQL';
  for (const word of ['version', store, 'nodes', 'event loop', 'certificate', 'audit', 'clocks'])
    expect(stdout).toContain(word);
  const printed = await drover(controller, ['server', 'status', '-o', 'json']);
  const found = JSON.parse(printed.stdout) as ServerStatus;
  expect(found).toMatchObject({
    disk: { state: 'ok', directory: controller.dataDir },
    nodes: { known: 0 },
  });
  expect(Date.parse(found.certificates[1]?.notAfter ?? '')).toBeGreaterThan(Date.now());
  expect((await drover(controller, ['server', 'status', '-o', 'yaml'])).stdout).toMatch(/^version: /m);
});

test('is found healthy', async () => {
  const { code, stdout } = await drover(controller, ['server', 'doctor']);
  expect([code, stdout]).toEqual([0, expect.not.stringMatching(/^fail/m)]);
});
