// What the fence keeps from agents: asked at the very moment of each start, however long ago the task was released.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Fence, Leave } from '../platform/fence.ts';
import type { TaskSpec } from '../store/store.ts';
import { type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 10_000, interval: 5 };
const go: Leave = { kind: 'go' };
let ground: Ground;
let node = '';
/** What is said of this test's node. */
let leave: Leave = go;
let revision = 1;
const fence: Fence<TaskSpec> = {
  revision: () => revision,
  gateOf: () => (name) => (name === node ? leave : go),
  onChange: () => () => undefined,
};

beforeAll(async () => {
  ground = await openGround({}, fence);
});
beforeEach(() => {
  node = ground.newNode();
  revision += 1;
});
afterEach(() => ground.rest());
afterAll(() => ground.close());

const agentOf = async (name: string) => {
  const agent = ground.agent(await ground.identity(name));
  agent.connect();
  await expect.poll(() => agent.connected, deadline).toBe(true);
  return agent;
};
const state = async (id: string) => (await ground.task(id)).state;

it('a released task that is refused when its node connects ends without having been sent', async () => {
  leave = go;
  const [id = ''] = await ground.queue([node]);
  leave = { kind: 'refuse', why: 'the policy says no' };
  const agent = await agentOf(node);
  await expect.poll(() => state(id), deadline).toBe('never-started');
  expect((await ground.task(id)).result?.reason).toBe('the policy says no');
  expect(agent.starts.has(id)).toBe(false);
});

it('a task that is held back says why, lets others pass, and goes out when its time has come', async () => {
  leave = { kind: 'hold', why: 'opens soon', untilMs: Date.now() + 700 };
  const [id = ''] = await ground.queue([node]);
  const agent = await agentOf(node);
  await expect.poll(async () => (await ground.task(id)).message, deadline).toBe('opens soon');
  const other = ground.newNode();
  const [free = ''] = await ground.queue([other]);
  await agentOf(other);
  await expect.poll(() => state(free), deadline).toBe('exited');
  expect(await state(id)).toBe('queued');
  leave = go;
  await expect.poll(() => state(id), deadline).toBe('exited');
  expect(agent.starts.get(id)).toBe(1);
});

it('a task that is held back for good can be cancelled', async () => {
  leave = { kind: 'hold', why: 'never opens', untilMs: Number.POSITIVE_INFINITY };
  const [id = ''] = await ground.queue([node]);
  await agentOf(node);
  await expect.poll(async () => (await ground.task(id)).message, deadline).toBe('never opens');
  await ground.store.tasks.requestCancel((await ground.task(id)).work, Date.now());
  await expect.poll(() => state(id), deadline).toBe('cancelled');
});
