// A controller that is asked to stop lets everybody go in order: nobody notices its restart but by a short wait.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api';
import { type Client, commandRuns, configMaps, createClient } from '@drover/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { OpenConnections } from '../harness/open-connections.ts';
import { waitFor } from '../harness/wait.ts';

const names = ['n1', 'n2', 'n3'];
let controller: ControllerProcess;
let client: Client;
let dir = '';
const agents: AgentProcess[] = [];

const agentsThere = async (): Promise<number> => (await client.drainStatus()).left['agents'] ?? 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-drain-'));
  controller = await ControllerProcess.start();
  client = createClient(controller.context);
  const { code, stdout, stderr } = await drover(controller, ['token', 'create', '--uses', '3']);
  if (code !== 0) throw new Error(stderr);
  const token = /DROVER_TOKEN=(\S+)/.exec(stdout)?.[1] ?? '';
  for (const name of names) {
    const agent = new AgentProcess({ context: controller.context, token, name, dir });
    agents.push(agent);
    await agent.join();
  }
  await waitFor('the agents to connect', async () => (await agentsThere()) === names.length);
});
afterEach(async () => {
  await waitFor('the agents to be back', async () => (await agentsThere()) === names.length);
});
afterAll(async () => {
  client?.close();
  await Promise.all(agents.map((agent) => agent.close()));
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

/** How often each object was said to be new; throws on a version that is not kept (410). */
const followConfigMaps = async (signal: AbortSignal): Promise<Map<string, number>> => {
  const seen = new Map<string, number>();
  let { resourceVersion } = (await client.list(configMaps, { namespace: 'default', limit: 1 })).metadata;
  while (!signal.aborted) {
    const options = { namespace: 'default', resourceVersion, allowWatchBookmarks: true, signal };
    try {
      for await (const { type, object } of client.watch(configMaps, options)) {
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        const name = object.metadata.name ?? '';
        if (type === 'ADDED') seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof ApiError) || error.reason !== 'ServiceUnavailable') throw error;
      await delay(100);
    }
  }
  return seen;
};

/** Notes that it begins, and counts until it is told to stop. */
const script =
  'echo begun >> "$0/begun-$DROVER_TASK_ID"; n=0; until [ -e "$0/go" ]; do n=$((n+1)); echo $n; sleep 0.1; done';

/** A command on every node, followed until all have ended: what each printed. */
const followRun = async () => {
  const spec = { argv: ['sh', '-c', script, dir], targets: { nodeSet: names.join(',') } };
  const { metadata } = await client.create(commandRuns, { metadata: { generateName: 'drain-' }, spec });
  const work = { kind: commandRuns, name: metadata.name ?? '' };
  const follow = async (): Promise<Map<string, string>> => {
    const printed = new Map<string, string>();
    for await (const { node, data } of client.log(work, { follow: true }))
      printed.set(node, (printed.get(node) ?? '') + Buffer.from(data).toString());
    return printed;
  };
  return { name: work.name, printed: follow() };
};

/** '1\n2\n3\n' as far as it goes. */
const countTo = (printed: string): string =>
  Array.from({ length: printed.split('\n').length - 1 }, (_, at) => `${at + 1}\n`).join('');

/** Fifty MiB over a slow line, until the signal: they are under way at every restart. */
const upload = (signal: AbortSignal) => {
  const part = Buffer.alloc(256 * 1024, 'drain');
  const parts = 200;
  const hash = createHash('sha256');
  for (let at = 0; at < parts; at += 1) hash.update(part);
  const sha256 = hash.digest('hex');
  const read = async function* (offset: number) {
    for (let at = offset; at < parts * part.length; ) {
      const from = at % part.length;
      yield part.subarray(from);
      at += part.length - from;
      if (!signal.aborted) await delay(150);
    }
  };
  return { sha256, done: client.content.upload({ sizeBytes: parts * part.length, sha256, read }) };
};

/** A request by itself, without repeating it. */
const probe = (
  one: ControllerProcess,
  path: string,
): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const { address, caPem: ca, token } = one.context;
    const options = { ca, agent: false, headers: { authorization: `Bearer ${token}` } } as const;
    request(`${address}${path}`, options, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () =>
        resolve({ code: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
      );
    })
      .on('error', reject)
      .end();
  });

/** A request whose body never comes to its end. */
const begin = (one: ControllerProcess): ClientRequest => {
  const { address, caPem: ca, token } = one.context;
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': '100',
  };
  const stuck = request(`${address}/api/v1/namespaces/default/configmaps`, { ca, method: 'POST', headers });
  stuck.on('error', () => undefined);
  stuck.write('{');
  return stuck;
};

const shell = () => client.shell('n1', { columns: 80, rows: 24, argv: ['sh'] });

interface Restart {
  /** From the signal to the end of the process, and to the answer of the next. */
  readonly stopMs: number;
  readonly readyMs: number;
  /** From that answer until all agents are back. */
  readonly agentsMs: number;
}

const restart = async (): Promise<Restart> => {
  const began = performance.now();
  await controller.stop();
  const stopped = performance.now();
  await controller.start();
  const ready = performance.now();
  await waitFor('the agents to be back', async () => (await agentsThere()) === names.length);
  return { stopMs: stopped - began, readyMs: ready - stopped, agentsMs: performance.now() - ready };
};

const shown = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(', ');

test('restarted three times under load, nobody loses a request, an event, a line or a byte', async () => {
  const over = new AbortController();
  const seen = followConfigMaps(over.signal);
  const run = await followRun();
  const content = upload(over.signal);
  await waitFor(
    'the commands to begin',
    async () => (await readdir(dir)).filter((one) => one.startsWith('begun-')).length === 3,
  );
  const load = new OpenConnections(() => controller.context, 8);
  const restarts: Restart[] = [];
  const ends: unknown[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const answered = load.answered;
    const terminal = await shell();
    await waitFor('some load', () => load.answered > answered + 200);
    restarts.push(await restart());
    ends.push(await terminal.ended);
  }
  await load.stop();
  await writeFile(join(dir, 'go'), '');
  const printed = await run.printed;
  over.abort();
  const [made, index] = await Promise.all([seen, content.done]);
  process.stdout.write(
    `${load.answered} requests answered, ${load.lost.length} lost, ${load.unsent} attempts while nobody listened\n` +
      `stop ${shown(restarts.map((one) => one.stopMs))} ms, start ${shown(restarts.map((one) => one.readyMs))} ms, ` +
      `agents back after ${shown(restarts.map((one) => one.agentsMs))} ms\n` +
      `longest that a client waited: ${shown([Math.max(...load.gapsMs)])} ms\n`,
  );
  expect({ lost: load.lost, wrong: load.wrong }).toEqual({ lost: [], wrong: [] });
  expect([...made].filter(([name, times]) => name.startsWith('load-') && times !== 1)).toEqual([]);
  expect([...made.keys()].filter((name) => name.startsWith('load-')).sort()).toEqual(
    [...load.created].sort(),
  );
  for (const name of names) expect(printed.get(name)).toBe(countTo(printed.get(name) ?? ''));
  for (const file of (await readdir(dir)).filter((one) => one.startsWith('begun-')))
    expect(await readFile(join(dir, file), 'utf8')).toBe('begun\n');
  expect(ends).toEqual(
    Array(3).fill({ exit: 255, reason: expect.stringMatching(/the controller is stopping/) }),
  );
  expect(index).toMatchObject({ sha256: content.sha256 });
});

test('`drover server drain` says how far it is; until it stops all is served, but nobody is sent there', async () => {
  const other = await ControllerProcess.start({ args: ['--shutdown-delay', '2'] });
  const own = createClient(other.context);
  const ready = async (): Promise<number> => (await probe(other, '/readyz')).code;
  expect(await ready()).toBe(200);
  const draining = drover(other, ['server', 'drain']);
  await waitFor('it to say so', async () => (await ready()) === 503);
  expect(await own.drainStatus()).toMatchObject({ state: 'leaving', delaySeconds: 2, timeoutSeconds: 25 });
  expect((await probe(other, '/readyz?verbose')).text).toContain('[-]shutdown failed: reason withheld');
  expect((await probe(other, '/livez')).code).toBe(200);
  await own.create(configMaps, { metadata: { name: 'late' } });
  expect(await draining).toMatchObject({ code: 0, stdout: 'the controller has stopped\n' });
  await other.start();
  expect(await own.get(configMaps, 'late')).toMatchObject({ metadata: { name: 'late' } });
  own.close();
  await other.close();
});

test('who never finishes does not hold it for longer than it is told, and a second signal not at all', async () => {
  for (const args of [
    ['--drain-timeout', '1'],
    ['--shutdown-delay', '60'],
  ]) {
    const other = await ControllerProcess.start({ args });
    const stuck = begin(other);
    await waitFor('the request', async () => /"requests":[2-9]/.test((await probe(other, '/drain')).text));
    const stopped = other.stop();
    if (args[0] === '--shutdown-delay') {
      await waitFor('it to leave', async () => (await probe(other, '/readyz')).code === 503);
      process.kill(other.pid, 'SIGTERM');
    }
    await stopped;
    stuck.destroy();
    await other.close();
  }
});
