// A disk that is full, read-only or fails: what was acknowledged stays, reads go on, and work goes on once it can be written.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ApiError } from '@drover/api';
import { type Client, createClient } from '@drover/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import { waitFor } from '../harness/wait.ts';

const path = '/api/v1/namespaces/default/configmaps';
const pieces = 'x'.repeat(2_000);

/** Makes objects one after the other until told to end, and keeps what came of each. */
class Maker {
  readonly acknowledged: string[] = [];
  /** Since the last that went well. */
  refusals: ApiError[] = [];
  #isGoing = true;
  readonly #going: Promise<void>;

  constructor(client: Client, name: string) {
    this.#going = this.#make(client, name);
  }

  async #make(client: Client, prefix: string): Promise<void> {
    for (let index = 0; this.#isGoing; index += 1) {
      const name = `${prefix}-${index}`;
      const body = { metadata: { name }, data: { pieces } };
      try {
        await client.http.json({ method: 'POST', path, body });
        this.acknowledged.push(name);
        this.refusals = [];
      } catch (error) {
        if (error instanceof ApiError) this.refusals.push(error);
      }
    }
  }

  end(): Promise<void> {
    this.#isGoing = false;
    return this.#going;
  }
}

let disk: SmallDisk;
let dir: string;
let controller: ControllerProcess;
let client: Client;
let makers: readonly Maker[];

const namesThere = async (): Promise<ReadonlySet<string>> => {
  const { items } = await client.http.json<{ readonly items: readonly { metadata: { name: string } }[] }>({
    path,
  });
  return new Set(items.map(({ metadata }) => metadata.name));
};
const missing = async (): Promise<readonly string[]> => {
  const before = makers.flatMap(({ acknowledged }) => [...acknowledged]);
  const there = await namesThere();
  return before.filter((name) => !there.has(name));
};
const refusal = (): Promise<ApiError> =>
  waitFor('a refused write', () => makers.map(({ refusals }) => refusals.at(-1)).find(Boolean));
const made = (): number => makers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
const moreMade = async (): Promise<number> => {
  const [before, startMs] = [made(), performance.now()];
  await waitFor('writes to go on', () => made() > before + 20);
  return Math.round(performance.now() - startMs);
};
const logLines = (): readonly { readonly level: string; readonly room?: string; readonly msg: string }[] =>
  readFileSync(join(controller.dataDir, 'controller.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const integrity = (): unknown => {
  const database = new DatabaseSync(join(controller.dataDir, 'drover.db'));
  const found = database.prepare('PRAGMA integrity_check').all();
  database.close();
  return found.map((row) => row['integrity_check']);
};
const readiness = async (): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of client.http.bytes({ path: '/readyz?verbose', accept: '*/*' })) parts.push(part);
  return Buffer.concat(parts).toString();
};
/** By the link that the start has printed; the cookie. */
const signIn = async (): Promise<string> => {
  const { caPem: ca, address } = controller.context;
  const link = /sign-in\?link=\S+/.exec(controller.output())?.[0] ?? '';
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${address}/${link}`, { ca }, resolve).on('error', reject);
  });
  answer.resume();
  return `${answer.statusCode} ${answer.headers['set-cookie']}`;
};
const must = async (...args: readonly string[]): Promise<string> => {
  const done = await cli(controller, args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};
const start = async (sizeMebibytes: number): Promise<void> => {
  dir = mkdtempSync(join(tmpdir(), 'drover-full-'));
  disk = new SmallDisk(sizeMebibytes);
  mkdirSync(join(disk.path, 'data'));
  controller = await ControllerProcess.start({ dataDir: join(disk.path, 'data') });
  client = createClient(controller.context);
  makers = ['a', 'b', 'c', 'd'].map((name) => new Maker(client, name));
  await waitFor('something to lose', () => made() > 200);
};
const stop = async (): Promise<void> => {
  for (const maker of makers ?? []) await maker.end();
  client?.close();
  await controller?.close();
  disk?.close();
  rmSync(dir, { recursive: true, force: true });
};
const canMount = process.getuid?.() === 0 || process.env['CI'] === 'true';

describe.skipIf(!canMount)('a full disk', () => {
  const agents: AgentProcess[] = [];
  beforeAll(async () => {
    await start(600);
    for (const name of ['n1', 'n2']) {
      const token = /DROVER_TOKEN=(\S+)/.exec(await must('token', 'create'))?.[1] ?? '';
      const agent = new AgentProcess({ context: controller.context, token, name, dir });
      agents.push(agent);
      await agent.join();
    }
    await waitFor(
      'agents',
      async () => (await cli(controller, ['run', '-n', 'n1,n2', '--', 'true'])).code === 0,
    );
    await waitFor('the reserve', () => existsSync(join(controller.dataDir, 'reserve')));
  });
  afterAll(async () => {
    for (const agent of agents) await agent.close();
    await stop();
  });

  test('refuses writes with what to do; reads, deletions, agents and sign-in go on', async () => {
    const script = 'for i in $(seq 1 300); do echo line-$i; sleep 0.05; done';
    const run = cli(controller, ['run', '-n', 'n1,n2', '--', 'sh', '-c', script]);
    disk.fill();
    const error = await refusal();
    expect([error.code, error.message]).toEqual([
      507,
      expect.stringContaining(`disk of ${controller.dataDir} is full`),
    ]);
    expect(await readiness()).toContain('[-]storage full');
    expect(await missing()).toEqual([]);
    await must('delete', 'configmap', makers[0]?.acknowledged.shift() ?? '');
    expect(await must('events')).toContain('StorageNotWritable');
    expect(await signIn()).toMatch(/^303 .*HttpOnly/);
    const doctor = await cli(controller, ['server', 'doctor']);
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/^fail +disk .* is full/m)]);

    disk.empty();
    const recoveryMs = await moreMade();
    process.stdout.write(`full disk: writes went on ${recoveryMs} ms after there was room\n`);
    const { stdout, code } = await run;
    const lines = new Set(stdout.match(/n[12].*line-\d+/g));
    expect([code, lines.size]).toEqual([0, 600]);
    expect(await missing()).toEqual([]);
    expect(await must('events')).toContain('StorageWritable');
    const told = logLines().filter(({ room }) => room === 'disk');
    expect(told.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  test('killed on a full disk it starts again, with all that was acknowledged, and goes on when there is room', async () => {
    disk.fill();
    await refusal();
    await controller.kill9();
    await controller.start();
    expect(await missing()).toEqual([]);
    disk.fill();
    await waitFor('it to be full', async () => (await readiness()).includes('[-]storage full'));
    disk.empty();
    await moreMade();
    expect(await missing()).toEqual([]);
    await waitFor('the reserve', () => existsSync(join(controller.dataDir, 'reserve')));
  });

  test('with no room at all it does not start, and says that nothing is damaged', async () => {
    await controller.kill9();
    rmSync(join(controller.dataDir, 'reserve'), { force: true });
    disk.fill();
    const done = spawnSync(controllerFile, ['--data-dir', controller.dataDir], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([done.status, done.stderr]).toEqual([1, expect.stringMatching(/disk.* is full; (free|delete)/)]);
    disk.empty();
    await controller.start();
    expect(await missing()).toEqual([]);
  });

  test('when it ends the database is whole', async () => {
    for (const maker of makers) await maker.end();
    expect(await missing()).toEqual([]);
    await controller.stop();
    expect(integrity()).toEqual(['ok']);
  });
});

describe.skipIf(!canMount)('a disk that cannot be written', () => {
  afterEach(stop);

  test('read-only as the kernel makes it: reads go on, and all is there once it is mended', async () => {
    await start(300);
    disk.breakDown();
    const error = await waitFor('the refusal', async () => {
      const found = await refusal();
      return found.message.includes('is read-only') && found;
    });
    expect([error.code, error.message]).toEqual([503, expect.stringContaining(controller.dataDir)]);
    expect(await readiness()).toContain('[-]storage read-only');
    expect(await missing()).toEqual([]);
    await controller.kill9();
    disk.mend();
    expect(integrity()).toEqual(['ok']);
    await controller.start();
    expect(await missing()).toEqual([]);
    await moreMade();
  });

  test('files that refuse to be written: writes go on without a restart when they take them again', async () => {
    await start(300);
    disk.lock('data/drover.db-wal', 'data');
    expect((await refusal()).message).toContain('cannot be written');
    expect(await missing()).toEqual([]);
    await must('get', 'nodes');
    disk.unlock('data/drover.db-wal', 'data');
    const recoveryMs = await moreMade();
    process.stdout.write(`locked files: writes went on ${recoveryMs} ms after they could be written\n`);
    expect(await missing()).toEqual([]);
    await controller.stop();
    expect(integrity()).toEqual(['ok']);
  });
});
