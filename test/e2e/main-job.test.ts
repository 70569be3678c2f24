// The main job on real hosts: enrol by the pasted line, run, move files, and lose nothing when things break.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress, Lab, type Release } from '../../lab/index.ts';
import { type CliResult, drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

const hosts: Readonly<Record<string, Release>> = {
  deb12: 'debian-12',
  deb13: 'debian-13',
  deb11: 'debian-11',
  el9: 'el-9',
};
let lab: Lab;
let controller: ControllerProcess;
let work: string;

const drover = (...args: string[]): Promise<CliResult> => cli(controller, args, { cwd: work });
const ready = async (name: string): Promise<boolean> =>
  (await drover('get', 'node', name, '-o', 'json')).stdout.includes('"status": "True"');

const joinLine = async (): Promise<string> => {
  const created = await drover('token', 'create', '--uses', '10', '-o', 'json');
  return (JSON.parse(created.stdout) as { status: { joinCommand: string } }).status.joinCommand;
};

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'drover-main-job-'));
  lab = await Lab.open();
  controller = await ControllerProcess.start({ address: gatewayAddress });
  await lab.relay(controller.port);
  await lab.relay(controller.agentPort);
  for (const [name, release] of Object.entries(hosts)) await lab.up(name, release);
});
afterAll(async () => {
  await controller?.close();
  await lab?.close();
  await rm(work, { recursive: true, force: true });
});

test('every host joins by the pasted line, the oldest with Python 2.7', async () => {
  const line = await joinLine();
  for (const name of Object.keys(hosts)) {
    const own = name === 'deb11' ? line.replace('python3 -c', 'python2.7 -c') : line;
    const done = await lab.exec(name, ['sh', '-c', own]);
    expect(done, `${name}: ${done.stderr}`).toMatchObject({ code: 0 });
  }
  for (const name of Object.keys(hosts)) await waitFor(`${name} to be ready`, () => ready(name));
  expect((await lab.exec('deb12', ['systemctl', 'is-active', 'drover-agent'])).stdout.trim()).toBe('active');
});

test('a command runs on all of them, and identical outputs are folded', async () => {
  const done = await drover('run', '-n', '*', '--fold', '--', 'echo', 'hello');
  expect(done.stderr + done.stdout).toContain('deb[11-13],el9');
  expect(done.stdout).toContain('hello');
  expect(done.code).toBe(0);
});

test('exit codes, signals and what cannot start are told apart', async () => {
  const failed = await drover('run', '-n', 'deb12', '--', 'sh', '-c', 'exit 3');
  expect(failed.code).toBe(1);
  expect(failed.stdout + failed.stderr).toMatch(/exit(ed)? (code )?3/);
  const killed = await drover('run', '-n', 'deb12', '--', 'sh', '-c', 'kill -9 $$');
  expect(killed.stdout + killed.stderr).toMatch(/signal/);
  const absent = await drover('run', '-n', 'deb12', '--', '/no/such/program');
  expect(absent.stdout + absent.stderr).toMatch(/never.started/);
});

test('a file pushed to all comes back from all unchanged', async () => {
  const text = `made for the test\n${'x'.repeat(100_000)}\n`;
  await writeFile(join(work, 'a file'), text);
  const pushed = await drover('push', 'a file', ':/root/a file', '-n', '*');
  expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
  const pulled = await drover('pull', ':/root/a file', 'back', '-n', '*');
  expect(pulled, pulled.stderr).toMatchObject({ code: 0 });
  for (const name of Object.keys(hosts))
    expect(await readFile(join(work, 'back', name, 'a file'), 'utf8')).toBe(text);
});

test('a running command survives kill -9 of its agent and of the controller', async () => {
  const script = 'for i in 1 2 3 4; do echo $i; sleep 1; done; echo done > /root/survived';
  const started = await drover('run', '-n', 'deb12', '--detach', '-o', 'name', '--', 'sh', '-c', script);
  const name = started.stdout.trim().split('/').at(-1) ?? '';
  await waitFor('the command to print', async () => (await drover('runs', 'log', name)).stdout.includes('1'));
  await lab.exec('deb12', ['sh', '-c', 'kill -9 $(systemctl show -p MainPID --value drover-agent)']);
  await controller.kill9();
  await controller.start();
  await waitFor(
    'the run to end',
    async () => (await drover('get', 'run', name)).stdout.includes('Succeeded'),
    60_000,
  );
  expect((await drover('runs', 'log', name, '--raw')).stdout).toContain('1\n2\n3\n4\n');
});

test('what a power cut ended is reported as lost, and the node comes back', async () => {
  const started = await drover('run', '-n', 'deb13', '--detach', '-o', 'name', '--', 'sleep', '600');
  const name = started.stdout.trim().split('/').at(-1) ?? '';
  await waitFor('the command to run', async () =>
    (await drover('runs', 'show', name)).stdout.includes('running'),
  );
  await lab.powerCycle('deb13');
  await waitFor(
    'the run to end',
    async () => (await drover('get', 'run', name)).stdout.includes('Failed'),
    60_000,
  );
  expect((await drover('runs', 'show', name)).stdout).toContain('lost');
  await waitFor('deb13 to be ready', () => ready('deb13'), 60_000);
});

test('a queued command waits for a cut host and says so', async () => {
  await lab.cut('el9');
  await waitFor('el9 to be missed', async () => !(await ready('el9')), 90_000);
  const started = await drover('run', '-n', 'el9', '--detach', '-o', 'name', '--', 'true');
  const name = started.stdout.trim().split('/').at(-1) ?? '';
  await waitFor('the cause of the wait', async () =>
    (await drover('runs', 'show', name)).stdout.includes('not connected since'),
  );
  await lab.heal('el9');
  await waitFor(
    'the run to end',
    async () => (await drover('get', 'run', name)).stdout.includes('Succeeded'),
    90_000,
  );
});

test('a deleted node is cut off and cannot come back by its old certificate', async () => {
  expect((await drover('node', 'delete', 'deb11', '--yes')).code).toBe(0);
  await waitFor('deb11 to be gone', async () => !(await drover('nodes')).stdout.includes('deb11'));
  await lab.exec('deb11', ['systemctl', 'restart', 'drover-agent']);
  await waitFor('the refusal', async () => {
    const { stdout } = await lab.exec('deb11', ['journalctl', '-u', 'drover-agent', '--no-pager']);
    return stdout.includes('refuses this node') && stdout.includes('revoked');
  });
  expect((await drover('nodes')).stdout).not.toContain('deb11');
});
