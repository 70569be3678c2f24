// Work that run policies refuse, ask about or hold back: the real policies, store, resources and engine; agents are played.
import { commandRunKind, nodeKind, type RunPolicy, runPolicyKind, type Targets } from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openRunPolicyDesk, type RunPolicyDesk } from '../../auth/run-policy/desk.ts';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround } from '../test-ground.ts';
import { runWorkController, type WorkController } from './controller.ts';
import { targetedNodes } from './fleet.ts';
import { toWork } from './work.ts';

const deadline = { timeout: 8_000, interval: 10 };
let ground: Ground;
let desk: RunPolicyDesk;
let engine: Engine;
let controller: WorkController;

const open = (): void => {
  const { resources, store, clock } = ground;
  const targetsOf = (targets: Targets) => targetedNodes(resources, targets);
  desk = openRunPolicyDesk({ resources, targetsOf, clock, log: silentLog });
  engine = createEngine({ store, clock, log: silentLog, fence: desk.fence });
  controller = runWorkController({ resources, engine, clock, log: silentLog, askOf: desk.askOf });
};
const shut = async (): Promise<void> => {
  await controller.close();
  engine.close();
  await desk.close();
};
const connect = (node: string) =>
  ground.store.agents.connected(
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
    ground.clock.nowMs(),
  );

beforeAll(async () => {
  ground = await openGround();
  for (const name of ['n1', 'n2']) {
    await ground.resources.create(nodeKind, '', { metadata: { name } });
    await connect(name);
  }
});
afterAll(() => ground.close());
beforeEach(open);
afterEach(async () => {
  await shut();
  for (const { metadata } of ground.resources.list(runPolicyKind).items)
    await ground.resources.delete(runPolicyKind, '', metadata.name ?? '');
});

const policy = (name: string, spec: RunPolicy['spec']) =>
  ground.resources.create(runPolicyKind, '', { metadata: { name }, spec });
const asks: RunPolicy['spec'] = {
  rules: [{ name: 'two', match: { commands: [['deploy']] }, action: 'Ask', expireSeconds: 3600 }],
};
const create = async (name: string, argv: readonly string[], more: object = {}): Promise<string> => {
  const requester = { username: 'alice', groups: [] };
  const spec = { argv, targets: { nodeSet: 'n[1-2]' }, requester, ...more };
  return (
    (await ground.resources.create(commandRunKind, 'default', { metadata: { name }, spec })).metadata.uid ??
    ''
  );
};
const statusOf = (name: string) => toWork(ground.resources.get(commandRunKind, 'default', name)).status;
const untilStatus = (name: string, status: object) =>
  vi.waitFor(() => expect(statusOf(name)).toMatchObject(status), deadline);
const decide = (name: string, type: string, message: string) =>
  ground.resources.modify(
    commandRunKind,
    'default',
    name,
    (o) => ({ ...o, status: { conditions: [{ type, status: 'True', message }] } }),
    { subresource: 'approval' },
  );
const rows = (uid: string) => ground.store.tasks.list({ work: uid });
const states = async (uid: string) => (await rows(uid)).map(({ state }) => state);

test('a node that comes under a policy after the run was admitted never starts it, and says why', async () => {
  await policy('no-db', { nodes: { matchLabels: { role: 'db' } }, allow: { commands: [] } });
  await ground.resources.modify(nodeKind, '', 'n2', (o) => ({
    ...o,
    metadata: { ...o.metadata, labels: { role: 'db' } },
  }));
  const uid = await create('late', ['uptime']);
  await vi.waitFor(async () => expect(await states(uid)).toEqual(['queued', 'never-started']), deadline);
  expect((await rows(uid))[1]?.result?.reason).toBe('run policy no-db does not allow this command');
  await ground.resources.modify(nodeKind, '', 'n2', (o) => ({
    ...o,
    metadata: { ...o.metadata, labels: {} },
  }));
});

test('a run that a rule asks about has no tasks before it is approved, whoever is killed meanwhile', async () => {
  await policy('asks', asks);
  const uid = await create('asked', ['deploy']);
  const message = 'waiting for approval: rule two of run policy asks';
  await untilStatus('asked', { phase: 'Pending', message, approval: { policy: 'asks', rule: 'two' } });
  await shut();
  open();
  await ground.resources.delete(runPolicyKind, '', 'asks');
  await policy('asks', { description: 'nothing is asked any more' });
  await untilStatus('asked', { phase: 'Pending', message });
  expect(await rows(uid)).toEqual([]);
  await decide('asked', 'Approved', 'by bob');
  await vi.waitFor(async () => expect(await states(uid)).toEqual(['queued', 'queued']), deadline);
  expect(await ground.store.tasks.spec(uid)).toMatchObject({ asker: { username: 'alice', approved: true } });
  expect(statusOf('asked')?.conditions?.[0]).toMatchObject({ type: 'Approved', message: 'by bob' });
});

test('a run that is rejected ends as cancelled, with who and why, and nothing was started', async () => {
  await policy('asks', asks);
  const uid = await create('rejected', ['deploy']);
  await untilStatus('rejected', { phase: 'Pending' });
  await decide('rejected', 'Denied', 'by bob: not today');
  await untilStatus('rejected', { phase: 'Cancelled', message: 'rejected by bob: not today' });
  expect(await rows(uid)).toEqual([]);
});

test('a run that nobody approves in time ends as cancelled', async () => {
  await policy('asks', asks);
  await create('forgotten', ['deploy']);
  await untilStatus('forgotten', { phase: 'Pending' });
  await shut();
  ground.clock.advance(3_601_000);
  open();
  await untilStatus('forgotten', {
    phase: 'Cancelled',
    message: expect.stringContaining('nobody approved it by'),
  });
});

test('a run that waits for approval can be cancelled, and deleted', async () => {
  await policy('asks', asks);
  const uid = await create('given-up', ['deploy']);
  await untilStatus('given-up', { phase: 'Pending' });
  const body = { spec: { cancel: true } };
  const type = 'application/merge-patch+json';
  await ground.resources.patch(commandRunKind, 'default', 'given-up', { type, body });
  await untilStatus('given-up', { phase: 'Cancelled' });
  expect(await states(uid)).toEqual(['cancelled', 'cancelled']);
  await ground.resources.delete(commandRunKind, 'default', 'given-up');
  await vi.waitFor(async () => expect(await rows(uid)).toEqual([]), deadline);
});

/** A window in UTC that opens in so many minutes, for an hour. */
const windowIn = (minutes: number): NonNullable<RunPolicy['spec']['allow']> => {
  const clockTime = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const fromMs = ground.clock.nowMs() + minutes * 60_000;
  return { windows: [{ from: clockTime(fromMs), to: clockTime(fromMs + 3_600_000), timeZone: 'UTC' }] };
};

test('outside of its window a run waits and says until when, and begins when it opens', async () => {
  await policy('hours', { allow: windowIn(120) });
  const uid = await create('early', ['uptime'], { offline: { expireSeconds: 86_400 } });
  const message = expect.stringMatching(/^2 nodes wait: run policy hours allows it from .*Z on$/);
  await untilStatus('early', { phase: 'Paused', message });
  expect(await states(uid)).toEqual(['waiting', 'waiting']);
  ground.clock.advance(121 * 60_000);
  // Any change of a policy makes the engine look again, as its timer would.
  await policy('other', { description: 'nothing' });
  await vi.waitFor(async () => expect(await states(uid)).toEqual(['queued', 'queued']), deadline);
});

test('a run whose window does not open in time expires, and nothing was started', async () => {
  await policy('hours', { allow: windowIn(120) });
  const uid = await create('too-early', ['uptime'], { offline: { expireSeconds: 60 } });
  await untilStatus('too-early', { phase: 'Paused' });
  ground.clock.advance(61_000);
  await policy('other', { description: 'nothing' });
  await untilStatus('too-early', { phase: 'Failed' });
  expect(await states(uid)).toEqual(['never-started', 'never-started']);
});

test('a policy that is taken away lets go what it held back', async () => {
  await policy('hours', { allow: windowIn(120) });
  const uid = await create('freed', ['uptime']);
  await untilStatus('freed', { phase: 'Paused' });
  await ground.resources.delete(runPolicyKind, '', 'hours');
  await vi.waitFor(async () => expect(await states(uid)).toEqual(['queued', 'queued']), deadline);
});
