// A support bundle from the command line: the real tar reads it, and nothing that was planted is in it.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, secrets } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

const planted = 'planted-4711';
let controller: ControllerProcess;
let agent: AgentProcess;
let dir: string;

const drover = (args: readonly string[]) => cli(controller, args, { cwd: dir });
const must = async (args: readonly string[]): Promise<string> => {
  const done = await drover(args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout + done.stderr;
};
const tar = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)('tar', args, { cwd: dir, maxBuffer: 64 * 1024 * 1024 })).stdout;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-support-'));
  controller = await ControllerProcess.start({});
  const token = /DROVER_TOKEN=(\S+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent', async () => (await drover(['run', '-n', 'n1', '--', 'true'])).code === 0);
});
afterAll(async () => {
  await agent?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A Secret, a variable, standard output, and a command that fails with it. */
const plant = async (): Promise<void> => {
  const client = createClient(controller.context);
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { text: planted },
  });
  client.close();
  await must(['run', '-n', 'n1', '--env', `A=${planted}`, '--', 'printenv', 'A']);
  await drover(['run', '-n', 'n1', '--', 'sh', '-c', `echo ${planted} >&2; exit 3`]);
};

test('tells of the node and the log, and of nothing that was planted', async () => {
  await plant();
  expect(await must(['support-bundle', 'x.tar.gz'])).toMatch(/^wrote x\.tar\.gz \(.*README\.txt says/);

  expect((await stat(join(dir, 'x.tar.gz'))).mode & 0o777).toBe(0o600);
  const names = (await tar('tzf', 'x.tar.gz')).trim().split('\n');
  expect(names).toHaveLength(13);
  for (const name of names) expect(name).toMatch(/^drover-support-\d{8}T\d{6}Z\/[\w.]+$/);
  const all = await tar('xzOf', 'x.tar.gz');
  expect(all).toContain('"agent": "drover/');
  expect(all).toContain('listening for clients');
  const { token } = controller.context;
  const needles = [planted, Buffer.from(planted).toString('base64'), token, 'PRIVATE KEY'];
  expect(needles.filter((needle) => all.includes(needle))).toEqual([]);
});

test('is named after the time unless told, and takes no place of another file', async () => {
  await must(['support-bundle']);
  expect((await readdir(dir)).some((name) => /^drover-support-\d{8}T\d{6}Z\.tar\.gz$/.test(name))).toBe(true);

  await must(['support-bundle', 'y.tar.gz']);
  const again = await drover(['support-bundle', 'y.tar.gz']);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('it is there already')]);
});
