// What nodes use now, from heartbeats as agents send them: got, listed and watched by a real client.

import type { NodeMetrics } from '@drover/api';
import { nodeMetrics, nodes, type WatchEvent } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';
import { toUsage } from './usage.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const heartbeat = {
  timeMs: 1,
  load1: 1.25,
  memoryTotalKib: 1000,
  memoryAvailableKib: 400,
  cpuBusyPermille: 250,
  diskFreeKib: 600,
  uptimeSeconds: 77,
  runningTasks: 2,
};
const capacity = { cpu: '8', memory: '1000Ki', 'ephemeral-storage': '1000Ki' };

const agent = (node: string) => ({
  node,
  serial: 'a1',
  machineId: 'm',
  bootId: 'b',
  journalId: 'j',
  agentVersion: '1',
  agentSha256: 'x',
  pythonVersion: '3',
  facts: {},
});

/** A node whose agent is connected and has sent a heartbeat. */
const addNode = async (name: string, labels: Record<string, string> = {}): Promise<void> => {
  await ground.client.create(nodes, { metadata: { name, labels } });
  const status = { type: 'merge', body: { status: { capacity } } } as const;
  await ground.client.patch(nodes, name, status, { subresource: 'status' });
  await ground.store.agents.connected(agent(name), 1);
  ground.store.agents.heartbeat(name, heartbeat);
};

test('a heartbeat becomes quantities of Kubernetes, and what an agent does not say is left out', () => {
  expect(toUsage(heartbeat, { status: { capacity } })).toEqual({
    cpu: '2000m',
    memory: '600Ki',
    'ephemeral-storage': '400Ki',
    'drover.dev/load1': '1250m',
    'drover.dev/tasks': '2',
    'drover.dev/uptime-seconds': '77',
  });
  expect(toUsage({ memoryTotalKib: 5, memoryAvailableKib: 9 }, {})).toEqual({ memory: '0Ki' });
});

test('nodes are listed by label with what they use, those without a heartbeat not', async () => {
  await addNode('used', { rack: 'a' });
  await addNode('other', { rack: 'b' });
  await ground.client.create(nodes, { metadata: { name: 'silent', labels: { rack: 'a' } } });
  const { items } = await ground.client.list(nodeMetrics, { labelSelector: 'rack=a' });
  expect(items).toMatchObject([
    { kind: 'NodeMetrics', metadata: { name: 'used', labels: { rack: 'a' } }, window: '10s' },
  ]);
  await expect(ground.client.get(nodeMetrics, 'silent')).rejects.toMatchObject({ reason: 'NotFound' });
  await expect(ground.client.get(nodeMetrics, 'none')).rejects.toMatchObject({ reason: 'NotFound' });
});

test('a node whose agent is gone uses nothing that is known', async () => {
  await addNode('leaving');
  expect((await ground.client.get(nodeMetrics, 'leaving')).usage['cpu']).toBe('2000m');
  await ground.store.agents.disconnected('leaving', 2);
  await expect(ground.client.get(nodeMetrics, 'leaving')).rejects.toThrow('its agent is not connected');
});

const nextOf = async (events: AsyncIterator<WatchEvent<NodeMetrics>>): Promise<string> => {
  const { value } = (await events.next()) as IteratorYieldResult<WatchEvent<NodeMetrics>>;
  return `${value.type} ${value.object.metadata.name ?? ''} ${value.object.usage?.['cpu'] ?? ''}`.trim();
};

test('a watch tells what there is, a bookmark, and then each change until the agent is gone', async () => {
  await addNode('watched', { watch: 'me' });
  const stop = new AbortController();
  const options = { labelSelector: 'watch=me', sendInitialEvents: true, allowWatchBookmarks: true };
  const watch = ground.client.watch(nodeMetrics, { ...options, signal: stop.signal });
  const events = watch[Symbol.asyncIterator]();
  expect(await nextOf(events)).toBe('ADDED watched 2000m');
  expect(await nextOf(events)).toBe('BOOKMARK');
  ground.store.agents.heartbeat('watched', { ...heartbeat, cpuBusyPermille: 500 });
  expect(await nextOf(events)).toBe('MODIFIED watched 4000m');
  await ground.store.agents.disconnected('watched', 3);
  expect(await nextOf(events)).toBe('DELETED watched 4000m');
  stop.abort();
});

test('a watch goes on from a version of this process, and from one of an earlier process is refused', async () => {
  await addNode('resumed', { again: 'me' });
  const { metadata } = await ground.client.list(nodeMetrics);
  ground.store.agents.heartbeat('resumed', { ...heartbeat, cpuBusyPermille: 100 });
  const stop = new AbortController();
  const options = { labelSelector: 'again=me', signal: stop.signal };
  const from = { ...options, resourceVersion: metadata.resourceVersion };
  const events = ground.client.watch(nodeMetrics, from)[Symbol.asyncIterator]();
  expect(await nextOf(events)).toBe('MODIFIED resumed 800m');
  stop.abort();
  const old = ground.client.watch(nodeMetrics, { resourceVersion: '5' })[Symbol.asyncIterator]();
  await expect(old.next()).rejects.toMatchObject({ reason: 'Expired' });
});

test('who may see nodes may see what they use, nobody may write it', async () => {
  const path = '/apis/metrics.k8s.io/v1beta1/nodes';
  await bind(ground, 'onlooker', 'view');
  expect((await call(ground, { path, token: await tokenOf(ground, 'onlooker') })).code).toBe(200);
  expect((await call(ground, { path, token: await tokenOf(ground, 'no-one') })).code).toBe(403);
  expect((await call(ground, { path, method: 'POST', body: {} })).code).toBe(405);
});
