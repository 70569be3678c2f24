import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Strategy, TaskState } from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from '../store/index.ts';
import type { Store, TaskSpec } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';
import { createEngine, type Engine, type WorkOrder } from './engine.ts';
import { toEnd } from './rows.ts';

const spec: TaskSpec = {
  kind: 'command',
  argv: ['true'],
  script: '',
  user: '',
  cwd: '',
  env: {},
  input: '',
  maxOutputBytes: 1024,
};
const strategy: Strategy = { width: 0, batches: [], pauseSeconds: 0, gate: 'Automatic', approvedBatches: 0 };
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

const orderOf = (change: Partial<WorkOrder> = {}): WorkOrder => ({
  work: uid,
  spec,
  nodes: names(4),
  refused: new Map(),
  strategy,
  offline: { policy: 'Queue', expireSeconds: 3600 },
  timeoutMs: 1000,
  cancelled: false,
  ...change,
});

let dataDir: string;
let store: Store;
let engine: Engine;
/** Each test has a work of its own in the one store. */
let uid = '';
let tests = 0;

const open = async () => {
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  engine = createEngine({ store, clock: systemClock, log: silentLog });
};
const shut = async () => {
  engine.close();
  await store.close();
};
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'engine-'));
  await open();
});
beforeEach(() => {
  uid = `w${++tests}`;
});
afterEach(async () => {
  engine.forget(uid);
  for (const { node } of await store.agents.list()) await store.agents.remove(node);
});
afterAll(async () => {
  await shut();
  await rm(dataDir, { recursive: true });
});

const connect = (node: string) =>
  store.agents.connected(
    {
      node,
      serial: '1',
      machineId: node,
      bootId: 'b',
      journalId: 'j',
      agentVersion: '1',
      agentSha256: '',
      pythonVersion: '3',
      facts: {},
    },
    systemClock.nowMs(),
  );
const states = async () => (await store.tasks.list({ work: uid })).map((row) => row.state);
const reasons = async () => (await store.tasks.list({ work: uid })).map((row) => row.result?.reason ?? '');
const until = (want: readonly TaskState[]) =>
  vi.waitFor(async () => expect(await states()).toEqual(want), { timeout: 8000, interval: 10 });

/** What gateway and agent do: hand over whatever is queued, and report its end. */
const work = async (exitCode: (node: string) => number = () => 0): Promise<number> => {
  const queued = await store.tasks.list({ work: uid, states: ['queued'] });
  const sent = await store.tasks.markSent(
    queued.map((row) => row.id),
    'j',
    systemClock.nowMs(),
  );
  const results = queued.map((row) => {
    const end = toEnd(row.id, 'exited', '', systemClock.nowMs());
    return { ...end, result: { ...end.result, exitCode: exitCode(row.node) } };
  });
  await store.tasks.report({ output: [], started: [], progress: [], results });
  return sent.length;
};

describe('submitting', () => {
  test('releases everything at once when there are no limits', async () => {
    await engine.submit(orderOf());
    expect(await states()).toEqual(['queued', 'queued', 'queued', 'queued']);
  });

  test('twice, or again after a restart with another fleet, makes no further task', async () => {
    await Promise.all([engine.submit(orderOf()), engine.submit(orderOf())]);
    await shut();
    await open();
    await engine.submit(orderOf({ nodes: names(9) }));
    expect((await store.tasks.list({ work: uid })).map((row) => row.node)).toEqual(names(4));
  });

  test('ends refused nodes with their reason and never queues them', async () => {
    const seen = new Set<string>();
    store.tasks.onChange((rows) => {
      for (const row of rows) seen.add(`${row.node} ${row.state}`);
    });
    await engine.submit(orderOf({ refused: new Map([['n2', 'no such node']]) }));
    await until(['queued', 'queued', 'never-started', 'queued']);
    expect((await reasons())[2]).toBe('no such node');
    expect(seen.has('n2 queued')).toBe(false);
  });

  test('under Skip, nodes that are not connected end as unreachable at once', async () => {
    await connect('n1');
    await engine.submit(orderOf({ offline: { policy: 'Skip', expireSeconds: 3600 } }));
    await until(['unreachable', 'queued', 'unreachable', 'unreachable']);
    expect((await reasons())[0]).toBe('never connected');
  });

  test('of cancelled work records every task as cancelled', async () => {
    await engine.submit(orderOf({ cancelled: true }));
    await until(['cancelled', 'cancelled', 'cancelled', 'cancelled']);
  });
});

describe('going on', () => {
  test('a batch begins when the one before is done, also after a restart', async () => {
    const order = orderOf({ strategy: { ...strategy, batches: [1, 3] } });
    await engine.submit(order);
    await until(['queued', 'waiting', 'waiting', 'waiting']);
    await shut();
    await open();
    await engine.submit(order);
    await work();
    await until(['exited', 'queued', 'queued', 'queued']);
  });

  test('a gate holds until it is approved', async () => {
    const gated = { ...strategy, batches: [2], gate: 'AfterFirst' as const };
    await engine.submit(orderOf({ strategy: gated }));
    await work();
    await until(['exited', 'exited', 'waiting', 'waiting']);
    await vi.waitFor(() => expect(engine.progress(uid)?.phase).toBe('Paused'));
    expect(engine.progress(uid)?.message).toBe('waiting for approval: batch 1 of 2 is done');
    engine.setStrategy(uid, { ...gated, approvedBatches: 1 });
    await until(['exited', 'exited', 'queued', 'queued']);
  });

  test('a pause between batches ends by itself', async () => {
    await engine.submit(orderOf({ strategy: { ...strategy, batches: [2], pauseSeconds: 1 } }));
    await work();
    await vi.waitFor(() => expect(engine.progress(uid)?.message).toMatch(/^pausing until /));
    await until(['exited', 'exited', 'queued', 'queued']);
  });

  test('beyond the failure limit what is not handed over is stopped', async () => {
    for (const node of names(4)) await connect(node);
    await engine.submit(orderOf({ strategy: { ...strategy, width: 1, maxFailures: 0 } }));
    await work(() => 1);
    await until(['exited', 'never-started', 'never-started', 'never-started']);
    expect((await reasons())[3]).toBe('stopped: 1 failure (limit 0)');
    expect(engine.progress(uid)?.counts).toMatchObject({ failed: 1, neverStarted: 3, total: 4 });
  });

  test('a width gives its places to nodes as they connect', async () => {
    await engine.submit(orderOf({ strategy: { ...strategy, width: 2 } }));
    expect(await states()).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    await connect('n3');
    await until(['waiting', 'waiting', 'waiting', 'queued']);
  });

  test('what was not started in time ends as expired', async () => {
    await connect('n0');
    await engine.submit(orderOf({ nodes: ['n0', 'n1'], offline: { policy: 'Queue', expireSeconds: 1 } }));
    await until(['never-started', 'never-started']);
    expect(await reasons()).toEqual([
      'expired: not started within 1 s',
      'expired: not started within 1 s, the node was not connected',
    ]);
  });

  test('cancelling ends what waits and marks what runs', async () => {
    await engine.submit(orderOf({ strategy: { ...strategy, batches: [1] } }));
    await store.tasks.markSent([`${uid}-0`], 'j', systemClock.nowMs());
    await engine.cancel(uid);
    await until(['sent', 'cancelled', 'cancelled', 'cancelled']);
    expect((await store.tasks.get(`${uid}-0`))?.cancelRequested).toBe(true);
  });

  test('a task that waits for its node says so, and stops saying so when it is back', async () => {
    await connect('n0');
    await store.agents.disconnected('n0', systemClock.nowMs());
    await engine.submit(orderOf({ nodes: ['n0', 'n1'] }));
    const messages = async () => (await store.tasks.list({ work: uid })).map((row) => row.message);
    await vi.waitFor(
      async () =>
        expect((await messages())[0]).toMatch(/^waiting for node n0: not connected since \d\d:\d\d UTC$/),
      { timeout: 5000 },
    );
    expect((await messages())[1]).toBe('waiting for node n1: never connected');
    expect(engine.progress(uid)?.absent).toEqual(['n0', 'n1']);
    await connect('n0');
    await vi.waitFor(async () => expect((await messages())[0]).toBe(''), { timeout: 5000 });
  });

  test('the tasks of a removed node end: not started, or lost if begun', async () => {
    await engine.submit(orderOf({ nodes: ['n0', 'n1'] }));
    await store.tasks.markSent([`${uid}-1`], 'j', systemClock.nowMs());
    await engine.removeNode('n0');
    await engine.removeNode('n1');
    await until(['never-started', 'lost']);
  });

  test('5,000 results are counted, and nothing is kept of forgotten work', async () => {
    await engine.submit(orderOf({ nodes: names(5000) }));
    let passes = 0;
    engine.onProgress(() => passes++);
    expect(await work()).toBe(5000);
    await vi.waitFor(() => expect(engine.isDone(uid)).toBe(true));
    expect(engine.progress(uid)?.counts.succeeded).toBe(5000);
    engine.forget(uid);
    expect(engine.progress(uid)).toBeUndefined();
  });

  test('a write that fails is repeated from what the store knows', async () => {
    let failures = 0;
    const tasks: Store['tasks'] = {
      ...store.tasks,
      release: async (ids) => {
        if (failures++ === 0) throw new Error('disk full');
        await store.tasks.release(ids);
      },
    };
    const unlucky = createEngine({
      store: { tasks, agents: store.agents },
      clock: systemClock,
      log: silentLog,
    });
    await unlucky.submit(orderOf({ strategy: { ...strategy, batches: [1, 3] } }));
    await work();
    await until(['exited', 'queued', 'queued', 'queued']);
    expect(failures).toBe(2);
    unlucky.close();
  });
});
