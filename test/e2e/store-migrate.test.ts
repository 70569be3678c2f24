// An installation outgrows its data directory: everything goes to PostgreSQL, agents and people notice nothing, and it can go back.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { freshSchema, missingForPostgres } from '../harness/postgres.ts';
import { waitFor } from '../harness/wait.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';

let dir: string;
let place: Awaited<ReturnType<typeof freshSchema>>;
/** The one that runs now; all of them have the ports of the first. */
let controller: ControllerProcess;
let agent: AgentProcess;
let token: string;

const drover = (args: readonly string[]) => cli(controller, args, { cwd: dir });
const must = async (args: readonly string[]): Promise<string> => {
  const done = await drover(args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const dataDir = (name: string): string => join(dir, name);

/** Stops the one that runs, and goes on with another on the same ports. */
const goOn = async (name: string, store: string | null): Promise<void> => {
  const { port, agentPort } = controller;
  await controller.stop();
  const ports = { port, agentPort };
  controller = await ControllerProcess.start({ dataDir: dataDir(name), store, ports });
};

const agentWorks = async (): Promise<boolean> =>
  (await drover(['run', '-n', 'n1', '--timeout', '20s', '--', 'true'])).code === 0;

/** What people find there, whoever asks. */
const found = async () => {
  const client = createClient({ ...controller.context, token });
  try {
    const json = (path: string) => client.http.json<{ readonly items: readonly object[] }>({ path });
    const { items: maps } = await json('/api/v1/namespaces/default/configmaps');
    const { items: secrets } = await json('/api/v1/namespaces/default/secrets');
    return { maps, secrets, log: await must(['runs', 'log', 'kept']) };
  } finally {
    client.close();
  }
};

const many = 1_500;

const fill = async (): Promise<void> => {
  const client = createClient(controller.context);
  const post = (kind: string, body: object) =>
    client.http.json({ method: 'POST', path: `/api/v1/namespaces/default/${kind}`, body });
  const text = 'x'.repeat(3_000);
  for (let from = 0; from < many; from += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        post('configmaps', { metadata: { name: `made-${from + i}` }, data: { text } }),
      ),
    );
  await post('secrets', { metadata: { name: 'kept' }, stringData: { password: 'planted-4711' } });
  client.close();
  await must(['run', '-n', 'n1', '--name', 'kept', '--', 'sh', '-c', 'echo of before; echo wrong >&2']);
  await writeFile(join(dir, 'file'), randomBytes(3_000_000));
  await must(['push', '-n', 'n1', 'file', `:${join(dir, 'arrived')}`]);
};

beforeAll(async () => {
  if (isSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-migrate-'));
  place = await freshSchema();
  for (const name of ['first', 'second']) await mkdir(dataDir(name));
  controller = await ControllerProcess.start({ dataDir: dataDir('first'), store: null });
  const joinToken = /DROVER_TOKEN=(\S+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  agent = new AgentProcess({ context: controller.context, token: joinToken, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent', agentWorks);
  token = controller.context.token;
  await fill();
});
afterAll(async () => {
  if (isSkipped) return;
  await agent?.close();
  await controller?.close();
  await place.drop();
  await rm(dir, { recursive: true, force: true });
});

const migrateFirst = ['--data-dir', 'second', '--from', 'first', '--to'];

/** Kills a move once it has begun to fill the database. */
const killInTheMiddle = async (): Promise<void> => {
  const client = await place.server.open();
  const child = spawn(controllerFile, ['migrate-store', ...migrateFirst, place.url], {
    cwd: dir,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await waitFor('it to begin', async () => {
    const { rows } = await client.query(`SELECT to_regclass('${place.schema}.drover_filling')::text AS mark`);
    return rows[0]?.mark !== null;
  });
  child.kill('SIGKILL');
  await ended;
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${place.schema}.object_log`);
  expect(rows[0]?.n).toBeLessThan(many);
  await client.end();
};

const startRefused = async (): Promise<string> => {
  const words = ['--data-dir', dataDir('second'), '--store', place.url, '--no-local-node', '--port', '0'];
  const child = spawn(controllerFile, [...words, '--agent-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return text(child.stderr);
};

describe.skipIf(isSkipped)('an installation', () => {
  test('is not moved while its controller runs', async () => {
    const { code, stderr } = await drover(['store', 'migrate', ...migrateFirst, place.url]);

    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/a controller \(process \d+\) is using it; stop it first/),
    ]);
  });

  test('whose move is killed -9 goes to no controller half, and is moved by the same command', async () => {
    const before = await found();
    await controller.stop();
    await killInTheMiddle();
    expect(await startRefused()).toContain('did not come to its end; give that command again');

    const told = await must(['store', 'migrate', ...migrateFirst, place.url]);

    const rows = [...told.matchAll(/^(\w+) +(\d+) +([0-9a-f]{16}) +([0-9a-f]{16})$/gm)];
    expect(rows.length).toBeGreaterThan(14);
    expect(rows.filter(([, , , source, copy]) => source !== copy)).toEqual([]);
    await goOn('second', place.url);
    expect(await found()).toEqual(before);
    expect(before.maps.length).toBe(many);
  });

  test('goes on there: the agent without enrolment, content for it, the audit trail unbroken', async () => {
    await waitFor('the agent to be back', agentWorks);
    await must(['push', '-n', 'n1', 'file', `:${join(dir, 'again')}`]);
    await must(['audit', 'verify']);
    expect((await must(['get', 'nodes', '-o', 'name'])).trim().split('\n')).toHaveLength(1);
  });

  test('goes back to a directory with all that was done meanwhile', async () => {
    const before = await found();
    await controller.stop();
    const from = ['--from', place.url, '--data-dir', 'second'];
    await must(['store', 'migrate', ...from, '--to', 'back']);

    await goOn('back', null);

    expect(await found()).toEqual(before);
    await waitFor('the agent to be back', agentWorks);
    await must(['audit', 'verify']);
  });
});
