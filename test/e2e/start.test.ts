// npm start as a new user meets it: first start, second start, Ctrl-C, and what it says when it cannot start.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drover } from '../harness/cli.ts';
import { root } from '../harness/controller.ts';
import { freePort } from '../harness/ports.ts';
import { waitFor } from '../harness/wait.ts';

let dataDir: string;
let ports: readonly string[];
let started: Started[] = [];

beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'drover-start-')), 'var');
  ports = ['--port', String(await freePort()), '--agent-port', String(await freePort())];
});
afterEach(async () => {
  for (const one of started) await one.end('SIGTERM');
  started = [];
  await rm(join(dataDir, '..'), { recursive: true, force: true });
});

class Started {
  readonly child: ChildProcess;
  output = '';
  readonly ended: Promise<number | null>;
  constructor(args: readonly string[], argv: readonly string[] = ['node', join(root, 'scripts/start.mjs')]) {
    const all = ['--data-dir', dataDir, '--host', '127.0.0.1', '--address', '127.0.0.1', ...args];
    const [command = '', ...before] = argv;
    this.child = spawn(command, [...before, ...all], { cwd: root, detached: true });
    this.child.stdout?.on('data', (data: Buffer) => {
      this.output += data.toString();
    });
    this.child.stderr?.on('data', (data: Buffer) => {
      this.output += data.toString();
    });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    started.push(this);
  }
  async end(signal: NodeJS.Signals): Promise<number | null> {
    // Ctrl-C reaches the whole foreground group of the terminal, as here.
    if (this.child.exitCode === null && this.child.signalCode === null)
      process.kill(-(this.child.pid ?? 0), signal);
    return this.ended;
  }
}

const context = () => ({ contextFile: join(dataDir, 'admin.json') });
const start = async (argv?: readonly string[]): Promise<Started> => {
  const one = new Started(ports, argv);
  await waitFor('the controller to be ready', () => one.output.includes('Drover is ready'));
  return one;
};
const oneNode = () =>
  waitFor('this machine to be ready', async () => {
    const { stdout } = await drover(context(), ['nodes', '-o', 'json']);
    const { items } = JSON.parse(stdout) as { items: { metadata: { name: string } }[] };
    return (await drover(context(), ['nodes'])).stdout.includes('Ready') && items.length === 1
      ? items[0]?.metadata.name
      : undefined;
  });

const visit = (url: string): Promise<{ readonly status: number; readonly cookie: string }> =>
  new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, cookie: String(response.headers['set-cookie'] ?? '') });
    })
      .on('error', reject)
      .end();
  });

test('the first start enrols this machine, Ctrl-C ends all of it, the second start goes on with the same data', async () => {
  const first = await start();
  const node = await oneNode();
  const agentPid = Number(await readFile(join(dataDir, 'local-node.pid'), 'utf8'));
  const ran = await drover(context(), ['run', '-n', '*', '--', 'echo', 'kept']);
  expect(ran).toMatchObject({ code: 0 });
  expect(await first.end('SIGINT')).toBe(0);
  expect(existsSync(`/proc/${agentPid}`)).toBe(false);
  await start();
  expect(await oneNode()).toBe(node);
  const name = JSON.parse((await drover(context(), ['runs', 'list', '-o', 'json'])).stdout) as {
    items: { metadata: { name: string } }[];
  };
  expect((await drover(context(), ['runs', 'log', name.items[0]?.metadata.name ?? ''])).stdout).toContain(
    'kept',
  );
});

test('a service manager that ends npm alone ends all of it', async () => {
  const { child, ended } = await start(['npm', 'start', '--silent', '--']);
  await oneNode();
  const pids = await Promise.all(
    ['pid', 'local-node.pid'].map((file) => readFile(join(dataDir, file), 'utf8')),
  );
  child.kill('SIGTERM');
  await ended;
  for (const pid of pids)
    await waitFor(`process ${pid.trim()} to end`, () => !existsSync(`/proc/${pid.trim()}`));
});

test('the printed link signs in once', async () => {
  const { output } = await start();
  const link = /https:\S+sign-in\?link=\S+/.exec(output)?.[0] ?? '';
  const first = await visit(link);
  expect(first.cookie).toMatch(/HttpOnly/);
  expect((await visit(link)).cookie).toBe('');
});

test('a port that is taken is one line and exit 1, and the data is unharmed', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(Number(ports[1]), '127.0.0.1', resolve));
  const one = new Started(ports);
  expect(await one.ended).toBe(1);
  expect(one.output.trim().split('\n')).toHaveLength(1);
  expect(one.output).toMatch(/cannot listen.*already in use.*--port/);
  await new Promise((resolve) => blocker.close(resolve));
  await start();
});

test('a data directory that cannot be written is one line and exit 1', async () => {
  await writeFile(join(dataDir, '..', 'file'), '');
  dataDir = join(dataDir, '..', 'file', 'var');
  const one = new Started(ports);
  expect(await one.ended).toBe(1);
  expect(one.output.trim().split('\n')).toHaveLength(1);
  expect(one.output).toMatch(/cannot .*data dir/);
  dataDir = join(dataDir, '..', '..', 'var');
});

test('data of a newer version is refused in one line and left as it is', async () => {
  const first = await start();
  await first.end('SIGINT');
  const file = join(dataDir, 'drover.db');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 9999');
  db.close();
  const before = await readFile(file);
  const one = new Started(ports);
  expect(await one.ended).toBe(1);
  expect(one.output.trim().split('\n')).toHaveLength(1);
  expect(one.output).toMatch(/newer version/);
  expect((await readFile(file)).equals(before)).toBe(true);
});

test('a second controller on the same data is refused', async () => {
  await start();
  const other = ['--port', String(await freePort()), '--agent-port', String(await freePort())];
  const one = new Started(other);
  expect(await one.ended).toBe(1);
  expect(one.output).toMatch(/another controller .* is using it/);
});
