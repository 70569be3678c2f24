// The controller over the real store, resources and engine; gateway and agents are played by `play`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allKinds, commandRunKind, fileTransferKind, namespaceKind, nodeKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { createResources } from '../../resources/index.ts';
import type { Resources } from '../../resources/resources.ts';
import { openStore } from '../../store/index.ts';
import type { Store } from '../../store/store.ts';
import { testThreads } from '../../store/test-threads.ts';
import { runWorkController, type WorkController } from './controller.ts';
import { removeOldWork } from './retention.ts';
import { toWork } from './work.ts';

let dataDir: string;
let store: Store;
let resources: Resources;
let engine: Engine;
let controller: WorkController;

const open = async () => {
  store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  resources = await createResources({ store, kinds: allKinds, clock: systemClock, log: silentLog });
  engine = createEngine({ store, clock: systemClock, log: silentLog });
  controller = runWorkController({ resources, engine, clock: systemClock, log: silentLog });
};
const shut = async () => {
  await controller.close();
  engine.close();
  await resources.close();
  await store.close();
};
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'work-'));
  await open();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
  if (!resources.find(namespaceKind, '', 'default')) await resources.create(namespaceKind, '', namespace);
  for (const name of ['n1', 'n2', 'n3', 'doomed']) {
    await resources.create(nodeKind, '', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  }
});
afterAll(async () => {
  await shut();
  await rm(dataDir, { recursive: true });
});

const create = async (name: string, spec: Record<string, unknown> = {}): Promise<string> => {
  const created = await resources.create(commandRunKind, 'default', {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { name },
    spec: { argv: ['true'], targets: { nodeSet: 'n[1-3]' }, ...spec },
  });
  return created.metadata.uid ?? '';
};
const statusOf = (name: string) => toWork(resources.get(commandRunKind, 'default', name)).status;
const untilPhase = (name: string, phase: string) =>
  vi.waitFor(() => expect(statusOf(name)?.phase).toBe(phase), { timeout: 8000, interval: 10 });

/** Hands over and ends whatever the work has queued. */
const play = async (
  uid: string,
  exitCode: (node: string) => number = () => 0,
  only?: string,
): Promise<void> => {
  const all = await store.tasks.list({ work: uid, states: ['queued'] });
  const queued = all.filter((row) => only === undefined || row.id === only);
  const nowMs = systemClock.nowMs();
  await store.tasks.markSent(
    queued.map((row) => row.id),
    'j',
    nowMs,
  );
  const counters = { userMs: 0, systemMs: 0, maxRssKib: 0, stdoutBytes: 0, stderrBytes: 0, survivors: 0 };
  const results = queued.map((row) => ({
    id: row.id,
    state: 'exited' as const,
    startedAtMs: nowMs,
    finishedAtMs: nowMs,
    result: {
      ...counters,
      exitCode: exitCode(row.node),
      signal: 0,
      reason: '',
      stdoutDropped: 0,
      stderrDropped: 0,
      detail: null,
    },
  }));
  await store.tasks.report({ output: [], started: [], progress: [], results });
};
const patch = (name: string, body: unknown) =>
  resources.patch(commandRunKind, 'default', name, { type: 'application/merge-patch+json', body });

describe('a run', () => {
  test('is started, counted and completed', async () => {
    const uid = await create('r1');
    await untilPhase('r1', 'Running');
    await play(uid, (node) => (node === 'n2' ? 3 : 0));
    await untilPhase('r1', 'Failed');
    expect(statusOf('r1')).toMatchObject({
      counts: { total: 3, succeeded: 2, failed: 1 },
      message: 'failed on 1 of 3 nodes',
      observedGeneration: 1,
    });
    expect(engine.has(uid)).toBe(false);
  });

  test('counts a named node that does not exist', async () => {
    const uid = await create('r2', { targets: { nodeSet: 'n[3-4]' } });
    await untilPhase('r2', 'Running');
    await play(uid);
    await untilPhase('r2', 'Failed');
    expect((await store.tasks.list({ work: uid })).map((row) => [row.node, row.result?.reason])).toEqual([
      ['n3', ''],
      ['n4', 'no such node'],
    ]);
  });

  test('whose targets mean nobody fails with the reason', async () => {
    await create('r3', { targets: { nodeSet: '@nobody' } });
    await untilPhase('r3', 'Failed');
    expect(statusOf('r3')?.message).toBe(
      'cannot resolve @nobody: no node carries the label group.drover.dev/nobody',
    );
  });

  test('that is cancelled ends as Cancelled', async () => {
    const uid = await create('r4');
    await untilPhase('r4', 'Running');
    await patch('r4', { spec: { cancel: true } });
    await untilPhase('r4', 'Cancelled');
    expect((await store.tasks.counts(uid)).cancelled).toBe(3);
  });

  test('says which nodes it waits for', async () => {
    const uid = await create('waiting', { targets: { nodeSet: 'n1,n2' } });
    const saying = (message: string) =>
      vi.waitFor(() => expect(statusOf('waiting')?.message).toBe(message), { timeout: 8000, interval: 20 });
    await saying('waiting for 2 nodes that are not connected: n[1-2]');
    await play(uid, () => 0, `${uid}-0`);
    await saying('waiting for node n2: never connected');
    await play(uid);
    await untilPhase('waiting', 'Succeeded');
  });

  test('waits at its gate until it is approved', async () => {
    const uid = await create('r5', { strategy: { batches: [1], gate: 'AfterFirst' } });
    await untilPhase('r5', 'Running');
    await play(uid);
    await untilPhase('r5', 'Paused');
    expect(statusOf('r5')?.message).toBe('waiting for approval: batch 1 of 3 is done');
    await patch('r5', { spec: { strategy: { approvedBatches: 1 } } });
    await untilPhase('r5', 'Running');
    await play(uid);
    await vi.waitFor(async () => expect((await store.tasks.counts(uid)).queued).toBe(1));
    await play(uid);
    await untilPhase('r5', 'Succeeded');
  });

  test('repeats only what failed before', async () => {
    const first = await create('first');
    await untilPhase('first', 'Running');
    await play(first, (node) => (node === 'n2' ? 1 : 0));
    await untilPhase('first', 'Failed');
    const again = await create('again', { retryOf: 'first' });
    await untilPhase('again', 'Running');
    expect((await store.tasks.list({ work: again })).map((row) => row.node)).toEqual(['n2']);
    await play(again);
    await untilPhase('again', 'Succeeded');
    await create('idle', { retryOf: 'again' });
    await untilPhase('idle', 'Succeeded');
    expect(statusOf('idle')?.message).toBe('nothing to repeat: no node of again failed');
  });

  test('is taken up where it stood by the next controller', async () => {
    const uid = await create('r7', { strategy: { batches: [1, 2] } });
    await untilPhase('r7', 'Running');
    await shut();
    await open();
    await play(uid);
    await vi.waitFor(async () => expect((await store.tasks.counts(uid)).queued).toBe(2), { timeout: 5000 });
    await play(uid);
    await untilPhase('r7', 'Succeeded');
    expect(statusOf('r7')?.counts?.succeeded).toBe(3);
  });

  test('loses the task of a node that is deleted under it', async () => {
    const uid = await create('r8', { targets: { nodeSet: 'doomed' } });
    await untilPhase('r8', 'Running');
    await store.tasks.markSent([`${uid}-0`], 'j', systemClock.nowMs());
    await resources.delete(nodeKind, '', 'doomed');
    await untilPhase('r8', 'Failed');
    expect(statusOf('r8')?.counts?.lost).toBe(1);
  });

  test('writes its progress at most ten times a second, however often tasks end', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `m${index}`);
    await Promise.all(
      names.map((name) =>
        resources.create(nodeKind, '', { apiVersion: 'v1', kind: 'Node', metadata: { name } }),
      ),
    );
    let writes = 0;
    store.objects.onCommit((rows) => {
      writes += rows.length;
    });
    const startMs = systemClock.nowMs();
    const uid = await create('r9', { targets: { nodeSet: 'm*' } });
    await untilPhase('r9', 'Running');
    for (const row of await store.tasks.list({ work: uid })) await play(uid, () => 0, row.id);
    await untilPhase('r9', 'Succeeded');
    // Creation, finalizer, beginning and end come on top.
    expect(writes).toBeLessThanOrEqual(4 + (systemClock.nowMs() - startMs) / 100);
  });
});

describe('deleting', () => {
  const gone = (name: string) =>
    vi.waitFor(() => expect(resources.find(commandRunKind, 'default', name)).toBeUndefined(), {
      timeout: 8000,
    });

  test('a run that is going on cancels it, waits for its tasks and removes the rows', async () => {
    const uid = await create('r10');
    await untilPhase('r10', 'Running');
    await store.tasks.markSent([`${uid}-0`], 'j', systemClock.nowMs());
    await resources.delete(commandRunKind, 'default', 'r10');
    await untilPhase('r10', 'Cancelling');
    const result = (await store.tasks.get(`${uid}-1`))?.result;
    if (!result) throw new Error('task 1 should be cancelled');
    const end = { startedAtMs: 1, finishedAtMs: 2, state: 'cancelled' as const, result };
    await store.tasks.finish([{ id: `${uid}-0`, ...end }]);
    await gone('r10');
    expect(await store.tasks.list({ work: uid })).toEqual([]);
  });

  test('goes on after a restart', async () => {
    const uid = await create('r11');
    await untilPhase('r11', 'Running');
    await controller.close();
    await resources.delete(commandRunKind, 'default', 'r11');
    await shut();
    await open();
    await gone('r11');
    expect(await store.tasks.list({ work: uid })).toEqual([]);
  });

  test('happens by itself to work that finished long ago', async () => {
    const uid = await create('r12');
    await untilPhase('r12', 'Running');
    await play(uid);
    await untilPhase('r12', 'Succeeded');
    const deps = { resources, signal: new AbortController().signal, retentionMs: 60_000 };
    expect(await removeOldWork({ ...deps, clock: systemClock })).toBe(0);
    const later = { nowMs: () => systemClock.nowMs() + 120_000 };
    expect(await removeOldWork({ ...deps, clock: later })).toBeGreaterThan(0);
    await gone('r12');
    expect(await store.tasks.list({ work: uid })).toEqual([]);
  });
});

test('a transfer is handed over as its direction says', async () => {
  const created = await resources.create(fileTransferKind, 'default', {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'FileTransfer',
    metadata: { name: 't' },
    spec: { direction: 'Pull', path: '/etc/hosts', targets: { nodeSet: 'n1' } },
  });
  const uid = created.metadata.uid ?? '';
  await vi.waitFor(async () =>
    expect(await store.tasks.spec(uid)).toEqual({ kind: 'pull', path: '/etc/hosts', check: false }),
  );
});
