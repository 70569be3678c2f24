// The contract for agents is agent.thrift, not our own code: an agent made of it by the official Thrift tools works.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, commandRuns, createClient, nodes } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeJoinToken, openApi } from '../../bench/api.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess, root } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

/** Debian's own Python, which has python3-thrift. */
const python = '/usr/bin/python3';
const name = 'stranger';
let controller: ControllerProcess;
let client: Client;
let dir: string;
let agent: ChildProcess;

const startAgent = async (): Promise<ChildProcess> => {
  const generated = join(dir, 'generated');
  await mkdir(generated);
  execFileSync('thrift', ['--gen', 'py', '-out', generated, join(root, 'packages/api/src/agent.thrift')]);
  await writeFile(join(dir, 'ca.pem'), controller.context.caPem);
  const api = openApi(controller.context);
  const token = await makeJoinToken(api, 1).finally(() => api.close());
  const log = openSync(join(dir, 'agent.log'), 'a');
  const script = join(import.meta.dirname, 'interop/agent.py');
  return spawn(
    python,
    [script, generated, controller.context.address, String(controller.agentPort), name, dir],
    { stdio: ['ignore', log, log], env: { ...process.env, DROVER_TOKEN: token } },
  );
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-interop-'));
  controller = await ControllerProcess.start();
  client = createClient(controller.context);
  agent = await startAgent();
  await waitFor(`${name} to be Ready`, async () => {
    if (agent.exitCode !== null) throw new Error(await readFile(join(dir, 'agent.log'), 'utf8'));
    const { status } = await client.get(nodes, name);
    return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  });
});
afterAll(async () => {
  agent?.kill('SIGKILL');
  client?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

const onlyTask = async (argv: readonly string[]) => {
  const done = await drover(controller, ['run', '-n', name, '--', ...argv]);
  const runs = await client.list(commandRuns);
  const run = runs.items.find(({ spec }) => spec.argv?.join(' ') === argv.join(' '));
  const { items } = await client.results({ kind: commandRuns, name: run?.metadata.name ?? '' });
  return { done, task: items[0], count: items.length };
};

test('an agent made by the official Thrift tools runs `true` and reports exit code 0', async () => {
  const { done, task, count } = await onlyTask(['true']);
  expect(done, done.stderr).toMatchObject({ code: 0 });
  expect(count).toBe(1);
  expect(task).toMatchObject({ node: name, state: 'exited', result: { exitCode: 0 } });
});

test('its output and a failing exit code arrive as they were', async () => {
  const { done, task } = await onlyTask(['sh', '-c', 'echo héllo; echo no >&2; exit 7']);
  expect(done.code).toBe(1);
  expect(done.stdout).toContain('héllo');
  expect(task).toMatchObject({ state: 'exited', result: { exitCode: 7, stdoutBytes: 7, stderrBytes: 3 } });
});
