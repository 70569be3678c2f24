// Three controllers on one database go to the next version one by one, and back, while they work: nothing is lost or doubled, and
// nobody notices more than a request that has to be said again. The next version is made of today's (harness/next-version.ts).
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api';
import {
  type Client,
  commandRuns,
  configMaps,
  createClient,
  isUnreachable,
  type KindReference,
  namespaces,
} from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover } from '../harness/cli.ts';
import { type ControllerProcess, controllerFile } from '../harness/controller.ts';
import { Controllers } from '../harness/controllers.ts';
import { makeNextVersion, type NextVersion } from '../harness/next-version.ts';
import { missingForPostgres } from '../harness/postgres.ts';
import { waitFor } from '../harness/wait.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const names = Array.from({ length: 6 }, (_, index) => `n${index}`);
const patienceMs = 120_000;
/** Numbers that the long run prints, five a second: it goes on while all are replaced. */
const longRun = 300;

interface Beacon {
  readonly apiVersion: 'drover.dev/v1alpha1';
  readonly kind: 'Beacon';
  readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
}
/** Of the next version. */
const beacons: KindReference<Beacon> = {
  ...{ group: 'drover.dev', version: 'v1alpha1', kind: 'Beacon', plural: 'beacons', namespaced: true },
};

let fleet: Controllers;
let next: NextVersion;
let clients: readonly Client[] = [];
let dir = '';
const agents: AgentProcess[] = [];

const controller = (index: number): ControllerProcess => {
  const found = fleet.all[index % 3];
  if (found === undefined) throw new Error(`there is no controller ${index}`);
  return found;
};
const client = (index: number): Client => {
  const found = clients[index % 3];
  if (found === undefined) throw new Error(`there is no controller ${index}`);
  return found;
};
const form = async () =>
  (await fleet.query((schema) => `SELECT version::int, oldest::int FROM ${schema}.drover_schema`))[0];

const isGone = (error: unknown): boolean =>
  isUnreachable(error) || (error instanceof ApiError && error.reason === 'ServiceUnavailable');

/** Somebody who knows all addresses and goes to the next when one does not answer: once, a second failure is one too many. */
const goingOn = (first: number) => {
  let at = first;
  const told = { retries: 0 };
  const ask = async <T>(request: (by: Client) => Promise<T>): Promise<T> => {
    try {
      return await request(client(at));
    } catch (error) {
      if (!isGone(error)) throw error;
      told.retries += 1;
      at += 1;
      return request(client(at));
    }
  };
  return { ask, told };
};

/** Makes objects one after another until it is ended: which were acknowledged. */
const writing = (name: string, first: number) => {
  const made: string[] = [];
  const { ask, told } = goingOn(first);
  let isOver = false;
  const go = async (): Promise<void> => {
    while (!isOver) {
      const metadata = { name: `${name}-${made.length}` };
      await ask((by) => by.create(configMaps, { metadata })).catch((error: unknown) => {
        // The answer to the first try was lost.
        if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      });
      made.push(metadata.name);
      await delay(50);
    }
  };
  const going = go();
  going.catch(() => undefined); // told at the end
  return {
    end: async () => {
      isOver = true;
      await going;
      return { made, retries: told.retries };
    },
  };
};

const script =
  'echo begun >> "$0/$DROVER_TASK_ID"; n=0; while [ $n -lt $1 ]; do n=$((n+1)); echo $n; sleep 0.2; done';

const runSpec = (count: number) => ({
  ...{ argv: ['sh', '-c', script, dir, String(count)], targets: { nodeSet: names.join(',') } },
});

/** Short runs, one after another. */
const running = (prefix: string) => {
  const made: string[] = [];
  const { ask } = goingOn(0);
  let isOver = false;
  const go = async (): Promise<void> => {
    while (!isOver) {
      const name = `${prefix}-${made.length}`;
      const create = (by: Client) => by.create(commandRuns, { metadata: { name }, spec: runSpec(0) });
      await ask(create).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      });
      made.push(name);
      await delay(500);
    }
  };
  const going = go();
  going.catch(() => undefined); // told at the end
  return {
    end: async () => {
      isOver = true;
      await going;
      return made;
    },
  };
};

/** How often each object was said to be new, by watches that go on at the next controller. */
const watching = async () => {
  const over = new AbortController();
  const seen = new Map<string, number>();
  let at = 0;
  let { resourceVersion } = (await client(at).list(configMaps, { namespace: 'default', limit: 1 })).metadata;
  const go = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const options = {
        namespace: 'default',
        resourceVersion,
        allowWatchBookmarks: true,
        signal: over.signal,
      };
      try {
        for await (const { type, object } of client(at).watch(configMaps, options)) {
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          const { name = '' } = object.metadata;
          if (type === 'ADDED') seen.set(name, (seen.get(name) ?? 0) + 1);
        }
      } catch (error) {
        if (!over.signal.aborted && !isGone(error)) throw error;
      }
      at += 1;
    }
  };
  const going = go();
  going.catch(() => undefined); // told at the end
  return {
    seen,
    end: async () => {
      over.abort();
      await going;
    },
  };
};

const follow = async (by: Client, name: string): Promise<ReadonlyMap<string, string>> => {
  const printed = new Map<string, string>();
  for await (const { node, data } of by.log({ kind: commandRuns, name }, { follow: true }))
    printed.set(node, (printed.get(node) ?? '') + Buffer.from(data).toString());
  return printed;
};
const ended = (by: Client, name: string) =>
  waitFor(
    `the run ${name} to end`,
    async () => {
      const { phase } = (await by.get(commandRuns, name)).status ?? {};
      return (phase === 'Succeeded' || phase === 'Failed') && phase;
    },
    patienceMs,
  );
const counted = (count: number): string => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join('');

/** What every task has noted of its starts. */
const starts = async (): Promise<ReadonlySet<string>> => {
  const files = (await readdir(dir)).filter((name) => /^[0-9a-f-]{36}/.test(name));
  return new Set(await Promise.all(files.map((name) => readFile(join(dir, name), 'utf8'))));
};

const versionsAt = async (index: number): Promise<readonly (string | undefined)[]> =>
  ((await client(index).serverStatus()).controllers ?? []).map(({ version }) => version).sort();

/** As the guide says: drained, stopped, started with another program. */
const replace = async (index: number, program: string): Promise<void> => {
  const drained = await drover(controller(index), ['server', 'drain']);
  expect(drained).toMatchObject({ code: 0, stdout: 'the controller has stopped\n' });
  await controller(index).stop();
  await controller(index).start(program);
};

/** Works on while each is replaced, then says what became of the work. */
const rolled = async (prefix: string, program: string, between: (index: number) => Promise<void>) => {
  const watch = await watching();
  const { metadata } = await client(1).create(commandRuns, {
    metadata: { name: `${prefix}-long` },
    spec: runSpec(longRun),
  });
  const printed = follow(client(1), metadata.name ?? '');
  const [writers, runs] = [[0, 1, 2].map((at) => writing(`${prefix}-w${at}`, at)), running(`${prefix}-r`)];
  for (const index of [0, 1, 2]) {
    await replace(index, program);
    await between(index);
  }
  const written = await Promise.all(writers.map((one) => one.end()));
  const made = written.flatMap((one) => one.made);
  await waitFor('the watch to tell all', () => made.every((name) => watch.seen.has(name)), patienceMs);
  await watch.end();
  const short = await runs.end();
  for (const name of short) expect(await ended(client(2), name)).toBe('Succeeded');
  expect(await ended(client(0), `${prefix}-long`)).toBe('Succeeded');

  expect(new Map([...(await printed)].sort())).toEqual(
    new Map(names.map((name) => [name, counted(longRun)])),
  );
  expect(await starts()).toEqual(new Set(['begun\n']));
  expect(made.filter((name) => watch.seen.get(name) !== 1)).toEqual([]);
  const there = new Set((await client(1).list(configMaps)).items.map((one) => one.metadata.name));
  expect(made.filter((name) => !there.has(name))).toEqual([]);
  expect((await client(0).audit.verify()).problem).toBeUndefined();
  const retries = written.map((one) => one.retries);
  process.stdout.write(
    `${made.length} writes, ${short.length} runs, requests said again: ${retries.join(', ')}\n`,
  );
};

describe.skipIf(isSkipped)('controllers of two versions', () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-rolling-'));
    next = await makeNextVersion(join(dir, 'next'));
    fleet = await Controllers.start(3);
    clients = fleet.all.map(({ context }) => createClient(context));
    const { code, stdout, stderr } = await drover(controller(0), ['token', 'create', '--uses', '6']);
    if (code !== 0) throw new Error(stderr);
    const token = /DROVER_TOKEN=(\S+)/.exec(stdout)?.[1] ?? '';
    for (const [index, name] of names.entries()) {
      const agent = new AgentProcess({ context: controller(index).context, token, name, dir });
      agents.push(agent);
      await agent.join();
    }
    await waitFor(
      'the agents',
      async () => (await client(0).serverStatus()).nodes.connected === names.length,
      patienceMs,
    );
  }, 600_000);
  afterAll(async () => {
    for (const one of clients) one.close();
    await Promise.all(agents.map((agent) => agent.close()));
    await fleet?.close();
    await rm(dir, { recursive: true, force: true });
  });

  test('an upgrade that is killed half way leaves the others at work, and the old program starts again', async () => {
    const before = await form();
    const holding = await fleet.hold();
    await drover(controller(2), ['server', 'drain']);
    await controller(2).stop();
    const starting = controller(2).start(next.program).catch(String);
    const half = (schema: string) =>
      `SELECT 1 FROM pg_index WHERE NOT indisvalid AND indexrelid = to_regclass('${schema}.task_next')`;
    await waitFor(
      'an index to be half built',
      async () => (await fleet.query(half)).length === 1,
      patienceMs,
    );

    await controller(2).kill9();

    expect(await starting).toContain('the controller ended');
    expect(await form()).toEqual(before);
    await client(0).create(configMaps, { metadata: { name: 'meanwhile' } });
    await holding.release();
    await controller(2).start(controllerFile);
    expect(await client(2).get(configMaps, 'meanwhile')).toMatchObject({ metadata: { name: 'meanwhile' } });
  }, 500_000);

  test('one by one they go to the next version: nothing is lost or doubled, and what it writes stays', async () => {
    const was = Number((await form())?.['version']);
    const versions: unknown[] = [];
    await rolled('up', next.program, async (index) => {
      versions.push(await versionsAt(index));
      if (index > 0) return;
      expect(await form()).toEqual({ version: was + 1, oldest: 0 });
      await client(0).create(namespaces, { metadata: { name: 'mixed' } });
      const metadata = { name: 'light' };
      await client(0).create(
        beacons,
        { apiVersion: 'drover.dev/v1alpha1', kind: 'Beacon', metadata },
        { namespace: 'mixed' },
      );
      const spec = { ...runSpec(0), hint: 'warm' };
      await client(0).create(commandRuns, { metadata: { name: 'hinted' }, spec });
      expect(await ended(client(1), 'hinted')).toBe('Succeeded');
      // Of the old version: it takes the new field from nobody, and leaves it to everybody.
      const labels = { seen: 'old' };
      expect(
        await client(1).patch(commandRuns, 'hinted', { type: 'merge', body: { metadata: { labels } } }),
      ).toMatchObject({
        spec: { hint: 'warm' },
      });
      // What is there is read where one is, and may be some milliseconds behind what another controller wrote.
      const marked = await waitFor('the label to be known', async () => {
        const run = await client(2).get(commandRuns, 'hinted');
        return run.metadata.labels?.['seen'] === 'old' && run;
      });
      expect(marked).toMatchObject({ spec: { hint: 'warm' } });
    });

    const [old, now] = ['0.1.0', next.version];
    expect(versions).toEqual([
      [old, old, now],
      [old, now, now],
      [now, now, now],
    ]);
    expect(await client(2).get(beacons, 'light', { namespace: 'mixed' })).toMatchObject({ kind: 'Beacon' });
    const { stdout } = await drover(controller(0), ['server', 'doctor']);
    expect(stdout).toContain(`all 3 controllers are of ${now}`);
  }, 700_000);

  test('and back, while the database is only wider: what the next version wrote is kept until it is there again', async () => {
    await rolled('down', controllerFile, async () => undefined);
    await client(0).delete(namespaces, 'mixed');
    await delay(2_000); // nothing is to happen: there is no condition to wait for
    expect(await client(1).get(namespaces, 'mixed')).toMatchObject({ status: { phase: 'Terminating' } });
    expect(await client(2).get(commandRuns, 'hinted')).toMatchObject({ spec: { hint: 'warm' } });

    await replace(0, next.program);
    await waitFor(
      'the namespace to go with what is in it',
      async () => !(await client(1).list(namespaces)).items.some(({ metadata }) => metadata.name === 'mixed'),
      patienceMs,
    );
  }, 700_000);
});
