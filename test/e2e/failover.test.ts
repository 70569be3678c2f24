// What controllers do when their database fails: its server is killed or frozen and the standby takes over, and the way to it is cut.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, configMaps, createClient } from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRealFleet } from '../../bench/real-fleet.ts';
import { startStream } from '../faults/promises.ts';
import { judge } from '../faults/verdict.ts';
import type { AgentProcess } from '../harness/agents.ts';
import { Controllers } from '../harness/controllers.ts';
import { missingForPostgres, type PostgresServer } from '../harness/postgres.ts';
import { PostgresPair } from '../harness/postgres-pair.ts';
import { type Failing, type Relay, startRelay } from '../harness/relay.ts';
import { waitFor } from '../harness/wait.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const patienceMs = 90_000;
/** A call is refused sooner than this, whatever the network does: before a client gives up by itself. */
const boundMs = 50_000;
const { signal } = new AbortController();
const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);

let pair: PostgresPair;
let fleet: Controllers;
let agents: readonly AgentProcess[] = [];
let clients: readonly Client[] = [];
/** Those of the first controller to both servers. */
let ways: readonly Relay[] = [];
let dir = '';

const client = (index: number): Client => {
  const found = clients[index];
  if (found === undefined) throw new Error(`there is no controller ${index}`);
  return found;
};
const fail = (how: Failing | undefined): void => {
  for (const way of ways) way.fail(how);
};
const write = (by: Client, name: string): Promise<unknown> =>
  by.create(configMaps, { metadata: { name } }, { signal: AbortSignal.timeout(boundMs) });
/** A stream of runs and writes under way; how it was judged once it has ended. */
const beginWork = async (prefix: string) => {
  const marks = { file: join(dir, 'marks') };
  await appendFile(marks.file, '');
  const stream = startStream({ client: client(1), marks, signal, pauseMs: 100, prefix });
  const lines = async () => (await readFile(marks.file, 'utf8')).split('\n').filter(Boolean);
  const goesOn = async (): Promise<void> => {
    const begun = (await lines()).length;
    const isOn = async () => (await lines()).length > begun + agents.length;
    await waitFor('runs to go on', isOn, patienceMs);
  };
  await goesOn();
  const nodes = agents.map((agent) => agent.name);
  const end = async () => {
    const promises = await stream.end();
    return judge(client(1), { promises, nodes, lines, switchedOff: new Set() }, patienceMs);
  };
  return { goesOn, end };
};
/** Connections of controllers that a server still serves: not what waits there for a standby that has left. */
const servedBy = async (server: PostgresServer): Promise<number> => {
  const sql = `SELECT pid FROM pg_stat_activity
    WHERE application_name = 'drover' AND wait_event IS DISTINCT FROM 'SyncRep'`;
  return (await server.query(sql)).length;
};
const untilWritten = (by: Client, name: string): Promise<unknown> =>
  waitFor(
    'writes',
    () =>
      write(by, name).then(
        () => true,
        // One that was answered with an error may have been stored.
        (error: unknown) => String(error).includes('already exists'),
      ),
    patienceMs,
  );

describe.skipIf(isSkipped)('two controllers on a pair of database servers', () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-failover-'));
    defer(() => rm(dir, { recursive: true, force: true }));
    pair = await PostgresPair.start();
    defer(() => pair.drop());
    const toServer = (port: number) => startRelay({ to: { host: '127.0.0.1', port } });
    ways = await Promise.all(pair.ports.map(toServer));
    defer(async () => void (await Promise.all(ways.map((way) => way.close()))));
    const place = {
      ...{ server: pair.server, schema: pair.schema, url: pair.url },
      drop: async () => undefined,
    };
    const storeOf = (index: number) => (index === 0 ? pair.urlBy(ways.map(({ port }) => port)) : pair.url);
    fleet = await Controllers.start(2, { place, storeOf });
    defer(() => fleet.close());
    clients = fleet.all.map(({ context }) => createClient(context));
    for (const one of clients) defer(() => one.close());
    const [first] = fleet.all;
    if (first !== undefined) agents = await startRealFleet({ signal, defer }, first, 3);
  }, 240_000);
  afterAll(async () => {
    for (const undo of undos.reverse()) await undo();
  });

  test('its server is frozen under load, replaced, and wakes up: nobody goes back to it, nothing is lost or done twice', async () => {
    const work = await beginWork('frozen-');

    await pair.failOver('frozen');
    await Promise.all(clients.map((by, index) => untilWritten(by, `frozen-${index}`)));
    const { replaced } = pair;
    if (replaced === undefined) throw new Error('nothing was replaced');
    replaced.thaw();
    await waitFor('the old server to serve again', () => replaced.answers());
    // Whoever connects anew finds two that take writes, the old one first.
    fail('refuses');
    await fleet.all[1]?.kill9();
    fail(undefined);
    await fleet.all[1]?.start();
    await Promise.all(clients.map((by, index) => untilWritten(by, `awake-${index}`)));
    await work.goesOn();

    await waitFor('nobody to be served by the old server', async () => (await servedBy(replaced)) === 0);
    const verdict = await work.end();
    expect(verdict).toMatchObject({ lost: [], duplicated: [], unknown: [], writesMissing: [] });
    expect([verdict.tasks, verdict.succeeded]).toEqual([verdict.expectedTasks, verdict.expectedTasks]);
    await pair.follow();
  }, 240_000);

  test('its server is killed under load and the standby promoted: nothing acknowledged is lost, nothing done twice', async () => {
    const work = await beginWork('killed-');

    const { struckAt, promotedAt } = await pair.failOver();
    await Promise.all(clients.map((by, index) => untilWritten(by, `after-${index}`)));
    const backAt = performance.now();
    await work.goesOn();

    const verdict = await work.end();
    process.stdout.write(
      `fail-over: promoted after ${Math.round(promotedAt - struckAt)} ms, writes at both controllers ${Math.round(backAt - promotedAt)} ms later\n`,
    );
    expect(verdict).toMatchObject({ lost: [], duplicated: [], unknown: [], writesMissing: [] });
    expect([verdict.tasks, verdict.succeeded]).toEqual([verdict.expectedTasks, verdict.expectedTasks]);
    await pair.follow();
  }, 240_000);

  test.each<Failing>(['swallows', 'refuses'])(
    'a network that %s what goes to the database: calls are refused with the reason in time, and all goes on by itself',
    async (how) => {
      const pid = fleet.all[0]?.pid;

      fail(how);
      const cutAt = performance.now();
      const refusal = await write(client(0), `cut-${how}`).catch((error: unknown) => error);
      const refusedMs = Math.round(performance.now() - cutAt);
      process.stdout.write(`a database that the network ${how}: refused after ${refusedMs} ms\n`);
      await write(client(1), `elsewhere-${how}`);
      fail(undefined);

      expect(refusal).toMatchObject({ reason: 'ServiceUnavailable' });
      expect(String(refusal)).toMatch(/cannot (use|reach) the database/);
      await untilWritten(client(0), `again-${how}`);
      expect(fleet.all[0]?.pid).toBe(pid);
    },
    240_000,
  );
});
