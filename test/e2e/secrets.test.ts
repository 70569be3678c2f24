// Secrets stay where they belong: whatever is done with them, no log, no command line and no readable file tells them.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
let agent: AgentProcess;
let dir: string;
const planted = new Planted();

const drover = (args: readonly string[], input = '') => cli(controller, args, { input, cwd: dir });
const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await drover(args, input);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-secrets-'));
  controller = await ControllerProcess.start({ args: ['--log-level', 'debug'] });
});
afterAll(async () => {
  await agent?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

const filesBelow = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** Command lines of the controller, the agent and everything below them. */
const commandLines = async (): Promise<readonly string[]> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')));
  const parents = new Map(
    stats.map((line, at) => [ids[at] ?? '', line.slice(line.lastIndexOf(')') + 2).split(' ')[1] ?? '']),
  );
  const own = new Set([String(controller.pid), String(agent.pid)]);
  for (let size = 0; size < own.size; ) {
    size = own.size;
    for (const [id, parent] of parents) if (own.has(parent)) own.add(id);
  }
  return Promise.all([...own].map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
};

test('secrets are planted in all that the controller and the agent do', async () => {
  planted.plant('token of the administrator', controller.context.token);
  const link = /sign-in\?link=(\S+)/.exec(controller.output())?.[1] ?? '';
  const login = ['login', controller.context.address, '--ca-file', 'ca.pem', '--link', link];
  await writeFile(join(dir, 'ca.pem'), controller.context.caPem);
  process.env['DROVER_CONFIG'] = join(dir, 'config.json');
  await must(login);
  const kept = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as object;
  const token = /drover_[\w-]+/.exec(JSON.stringify(kept))?.[0] ?? '';
  expect(token).not.toBe('');
  planted.plant('token of a login', token);
  expect((await drover(login)).code).not.toBe(0);

  const made = await must(['token', 'create', '--uses', '2', '-o', 'json']);
  const joining = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  planted.plant('secret of an enrolment token', joining.split('.')[1] ?? '');
  agent = new AgentProcess({ context: controller.context, token: joining, name: 'n1', dir });
  await agent.join();
  await waitFor('n1 to be ready', async () => (await must(['nodes'])).includes('Ready'));
  planted.plant('data of a Secret', 'planted-data-4711');
  await must(
    ['apply', '-f', '-'],
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'planted', namespace: 'default' },
      stringData: { password: 'planted-data-4711' },
    }),
  );
  const wrong = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'NOT A NAME' } };
  const refused = { ...wrong, stringData: { password: 'planted-data-4711' } };
  expect((await drover(['apply', '-f', '-'], JSON.stringify(refused))).code).toBe(1);
  planted.plant('environment of a command', 'planted-env-4711');
  planted.plant('input of a command', 'planted-input-4711');
  const run = ['run', '-n', 'n1', '--env', 'PASSWORD=planted-env-4711', '--stdin', '-', '--'];
  const printed = await must([...run, 'sh', '-c', 'echo $PASSWORD; cat'], 'planted-input-4711');
  expect(printed).toContain('planted-env-4711');
  expect(printed).toContain('planted-input-4711');
});

test('a command that is given secrets shows them in no command line while it runs', async () => {
  const run = ['run', '-n', 'n1', '--env', 'PASSWORD=planted-env-4711', '--detach', '-o', 'name', '--'];
  const name = (await must([...run, 'sleep', '300'])).trim().split('/').at(-1) ?? '';
  const lines = await waitFor('the command to run', async () => {
    const found = await commandLines();
    return found.some((line) => line.startsWith('sleep\0')) ? found : undefined;
  });
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.flatMap((line) => planted.toldIn('a command line', line))).toEqual([]);
  await must(['runs', 'cancel', name]);
});

test('after kill -9 and a restart no log holds any of them', async () => {
  await controller.kill9();
  await controller.start();
  await waitFor('n1 to be back', async () => (await must(['nodes'])).includes('Ready'));
  // Whoever starts it is shown these.
  for (const [, link = ''] of controller.output().matchAll(/sign-in\?link=(\S+)/g))
    planted.plant('the first link', link, 'stdout.log');
  expect(planted.size).toBeGreaterThan(6);
  expect(await planted.toldBy(controller, { 'the log of n1': await agent.log() })).toEqual([]);
});

test('nobody else can read the files of controller and agent', async () => {
  const open: string[] = [];
  expect(planted.toldIn('file', await readFile(controller.contextFile, 'utf8'))).toEqual([
    'file: token of the administrator, as it is',
  ]);
  for (const path of [...(await filesBelow(controller.dataDir)), ...(await filesBelow(agent.dir))]) {
    const { mode } = await stat(path);
    const place = relative(controller.dataDir, path);
    const holds = planted.toldIn(place, await readFile(path, 'latin1'));
    if ((mode & 0o077) !== 0 && (holds.length > 0 || /\.(pem|key)$/.test(path))) open.push(path);
  }
  expect(open).toEqual([]);
});

test('no secret is left in the temporary directory by those who joined', async () => {
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith('drover-join-'));
  for (const name of left)
    for (const path of await filesBelow(join(tmpdir(), name)))
      expect(planted.toldIn(path, await readFile(path, 'latin1'))).toEqual([]);
});
