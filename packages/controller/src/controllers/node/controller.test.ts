// The controller over the real store and resources; the gateway is played by the calls that it makes to the store.
import { eventKind, type KubeObject, nodeKind } from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround, until } from '../test-ground.ts';
import { type NodeController, type NodeControllerDeps, runNodeController } from './controller.ts';
import { asNode, conditionOf } from './status.ts';

let ground: Ground;
let controller: NodeController | undefined;
let disconnected: string[] = [];
let uninstalled: string[] = [];
let uninstallError: Error | undefined;

const run = (settings: Partial<NodeControllerDeps> = {}) => {
  controller = runNodeController({
    ...ground,
    agents: ground.store.agents,
    credentials: ground.store.credentials,
    gateway: {
      disconnect: (node) => void disconnected.push(node),
      uninstallAgent: async (node) => {
        if (uninstallError !== undefined) throw uninstallError;
        uninstalled.push(node);
      },
    },
    log: silentLog,
    graceMs: 0,
    startGraceMs: 0,
    ...settings,
  });
};
const stop = async () => {
  await controller?.close();
  controller = undefined;
};

beforeAll(async () => {
  ground = await openGround();
});
beforeEach(() => {
  disconnected = [];
  uninstalled = [];
  uninstallError = undefined;
  run();
});
afterEach(stop);
afterAll(() => ground.close());

const facts = {
  hostname: 'web1',
  os: { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12 (bookworm)', family: 'debian' },
  kernel: '6.1.0-1-amd64',
  arch: 'x86_64',
  cpu: { count: 4 },
  memoryKib: 8_000_000,
  filesystems: [{ mount: '/', sizeKib: 50_000_000 }],
  addresses: ['127.0.0.1', 'fd00::7', '10.0.0.7'],
  systemUuid: 'uuid-1',
};
const connect = (node: string, changes: object = {}) =>
  ground.store.agents.connected(
    {
      node,
      serial: 'aa',
      machineId: `machine-${node}`,
      bootId: 'boot-1',
      journalId: 'j',
      agentVersion: '0.1.0',
      agentSha256: 'f',
      pythonVersion: '3.11',
      facts,
      ...changes,
    },
    ground.clock.nowMs(),
  );
const createNode = (name: string, annotations: Record<string, string> = {}) =>
  ground.resources.create(nodeKind, '', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, annotations, finalizers: ['drover.dev/agent'] },
  });
const node = (name: string): KubeObject => ground.resources.get(nodeKind, '', name);
const ready = (name: string, status: string, reason: string) =>
  until(`${name} is ${status} because ${reason}`, () => {
    const condition = conditionOf(node(name), 'Ready');
    return condition?.status === status && condition.reason === reason ? condition : undefined;
  });
const eventsOf = (name: string, reason: string) =>
  ground.resources.list(eventKind, { fieldSelector: `involvedObject.name=${name},reason=${reason}` }).items;
const eventOf = (name: string, reason: string) =>
  until(`event ${reason} of ${name}`, () => eventsOf(name, reason)[0]);
const isGone = (name: string) =>
  until(`${name} is gone`, () =>
    ground.resources.find(nodeKind, '', name) === undefined ? true : undefined,
  );

test('a node is unknown before, and ready once its agent connects', async () => {
  await createNode('web1');
  await ready('web1', 'Unknown', 'NeverConnected');
  await connect('web1');
  await ready('web1', 'True', 'AgentConnected');
  expect(asNode(node('web1')).status).toMatchObject({
    nodeInfo: {
      machineID: 'machine-web1',
      bootID: 'boot-1',
      systemUUID: 'uuid-1',
      architecture: 'amd64',
      operatingSystem: 'linux',
      kernelVersion: '6.1.0-1-amd64',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      kubeletVersion: 'drover/0.1.0',
    },
    addresses: [
      { type: 'InternalIP', address: '10.0.0.7' },
      { type: 'Hostname', address: 'web1' },
    ],
    capacity: { cpu: '4', memory: '8000000Ki', 'ephemeral-storage': '50000000Ki' },
  });
  expect(node('web1').metadata.labels).toEqual({
    'kubernetes.io/hostname': 'web1',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'drover.dev/os-id': 'debian',
    'drover.dev/os-version': '12',
    'drover.dev/os-family': 'debian',
  });
  await eventOf('web1', 'NodeReady');
});

test('a node whose agent is away is unknown, with the reason and the time', async () => {
  await createNode('away');
  await connect('away');
  await ready('away', 'True', 'AgentConnected');
  controller?.tell({ kind: 'disconnected', node: 'away', reason: 'no heartbeat for 30 s' });
  await ground.store.agents.disconnected('away', ground.clock.nowMs());
  expect((await ready('away', 'Unknown', 'AgentDisconnected')).message).toMatch(
    /not connected since 20\d\d-/,
  );
  const event = await eventOf('away', 'NodeNotReady');
  expect(event['message']).toBe('the agent is not connected: no heartbeat for 30 s');
});

test('why an agent went away is told, though its node was looked at before the store knew', async () => {
  await createNode('torn');
  await connect('torn');
  await ready('torn', 'True', 'AgentConnected');
  controller?.tell({ kind: 'disconnected', node: 'torn', reason: 'no heartbeat for 30 s' });
  await ground.store.agents.setFacts('torn', { ...facts, kernel: '6.3' });
  await until('the look at the node', () =>
    asNode(node('torn')).status?.nodeInfo?.kernelVersion === '6.3' ? true : undefined,
  );
  await ground.store.agents.disconnected('torn', ground.clock.nowMs());
  const event = await eventOf('torn', 'NodeNotReady');
  expect(event['message']).toBe('the agent is not connected: no heartbeat for 30 s');
});

test('agents that come back within the grace cause no write at all', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `storm${i}`);
  for (const name of names) await createNode(name);
  await Promise.all(names.map((name) => connect(name)));
  for (const name of names) await ready(name, 'True', 'AgentConnected');
  await stop();
  const before = ground.resources.revision();
  await ground.store.agents.disconnectAll(ground.clock.nowMs());
  run({ startGraceMs: 600_000 });
  await Promise.all(names.map((name) => connect(name)));
  await createNode('last');
  await ready('last', 'Unknown', 'NeverConnected');
  await stop();
  // The creation of "last" and its status; its labels follow when it connects.
  expect(ground.resources.revision() - before).toBe(2);
});

test('a reboot is told', async () => {
  await createNode('rebooting');
  await connect('rebooting');
  await ready('rebooting', 'True', 'AgentConnected');
  await connect('rebooting', { bootId: 'boot-2' });
  await eventOf('rebooting', 'Rebooted');
  expect(asNode(node('rebooting')).status?.nodeInfo?.bootID).toBe('boot-2');
});

test('the same thing told many times is one event that counts', async () => {
  await createNode('cloned');
  const report = {
    kind: 'clone-refused',
    node: 'cloned',
    address: '10.0.0.9',
    reason: 'another machine',
  } as const;
  for (let i = 0; i < 5; i++) controller?.tell(report);
  await until('five are counted', () =>
    eventsOf('cloned', 'CloneRefused')[0]?.['count'] === 5 ? true : undefined,
  );
  expect(eventsOf('cloned', 'CloneRefused')).toHaveLength(1);
  controller?.tell({ kind: 'renewed', node: 'cloned', notAfterMs: Date.UTC(2030, 0, 2) });
  expect((await eventOf('cloned', 'CertificateRenewed'))['message']).toContain('2030-01-02');
});

test('little free memory or disk shows as pressure', async () => {
  await createNode('tight');
  await connect('tight');
  ground.store.agents.heartbeat('tight', {
    memoryTotalKib: 8_000_000,
    memoryAvailableKib: 100_000,
    diskFreeKib: 1_000_000,
  });
  await ground.store.agents.setFacts('tight', { ...facts, kernel: '6.2' });
  await until('pressure', () =>
    conditionOf(node('tight'), 'DiskPressure')?.status === 'True' ? true : undefined,
  );
  expect(conditionOf(node('tight'), 'MemoryPressure')?.status).toBe('True');
  await eventOf('tight', 'NodeHasDiskPressure');
});

test('a heartbeat that tells of little free memory shows at once', async () => {
  await createNode('beating');
  await connect('beating');
  const memory = { memoryTotalKib: 8_000_000, diskFreeKib: 40_000_000 };
  const shows = (status: string) =>
    until(`memory pressure is ${status}`, () =>
      conditionOf(node('beating'), 'MemoryPressure')?.status === status ? true : undefined,
    );
  await ready('beating', 'True', 'AgentConnected');
  ground.store.agents.heartbeat('beating', { ...memory, memoryAvailableKib: 4_000_000 });
  await shows('False');
  ground.store.agents.heartbeat('beating', { ...memory, memoryAvailableKib: 100_000 });
  await shows('True');
  await eventOf('beating', 'NodeHasMemoryPressure');
  const before = ground.resources.revision();
  // Neither the same again nor a little more, which does not end it.
  for (const free of [100_000, 500_000])
    ground.store.agents.heartbeat('beating', { ...memory, memoryAvailableKib: free });
  await createNode('after');
  await ready('after', 'Unknown', 'NeverConnected');
  expect(ground.resources.revision() - before).toBe(2);
});

test('agents of other controllers are not asked for', async () => {
  await stop();
  const asked: string[] = [];
  const { agents } = ground.store;
  const get = (name: string) => {
    asked.push(name);
    return agents.get(name);
  };
  run({ agents: { ...agents, get }, minds: (agent) => agent === undefined || agent.controller === 'here' });
  await createNode('near1');
  await until('the look at the new node', () => (asked.includes('near1') ? true : undefined));
  const before = asked.length;
  await Promise.all(['far1', 'far2', 'far3'].map((name) => connect(name)));
  await createNode('near2');
  await until('the look at the last node', () => (asked.includes('near2') ? true : undefined));
  expect(asked.slice(before).filter((name) => name.startsWith('far'))).toEqual([]);
});

const addCertificate = (name: string, serial: string) =>
  ground.store.credentials.addCertificate({
    serial,
    subject: `node:${name}`,
    fingerprint: '',
    publicKeySha256: '',
    notBeforeMs: 0,
    notAfterMs: 1,
    revokedAtMs: 0,
  });

test('a deleted node disappears once its certificates are revoked and its session is cut', async () => {
  await createNode('doomed');
  await addCertificate('doomed', 'd1');
  await connect('doomed');
  await ready('doomed', 'True', 'AgentConnected');
  await ground.resources.delete(nodeKind, '', 'doomed');
  await isGone('doomed');
  expect((await ground.store.credentials.certificate('d1'))?.revokedAtMs).toBeGreaterThan(0);
  expect(await ground.store.agents.get('doomed')).toBeUndefined();
  expect(disconnected).toContain('doomed');
  expect(uninstalled).toEqual([]);
});

test('an agent is asked to remove itself, and a node that cannot is removed all the same', async () => {
  await createNode('clean', { 'drover.dev/uninstall': 'true' });
  await connect('clean');
  await ready('clean', 'True', 'AgentConnected');
  await ground.resources.delete(nodeKind, '', 'clean');
  await isGone('clean');
  expect(uninstalled).toEqual(['clean']);
  uninstallError = new Error('it does not answer');
  await createNode('stuck', { 'drover.dev/uninstall': 'true' });
  await connect('stuck');
  await ready('stuck', 'True', 'AgentConnected');
  await ground.resources.delete(nodeKind, '', 'stuck');
  await isGone('stuck');
  expect((await eventOf('stuck', 'AgentNotUninstalled'))['message']).toContain('it does not answer');
});

test('an agent without a node loses its certificates', async () => {
  await addCertificate('stray', 's1');
  await connect('stray');
  await until('revoked', async () => {
    const row = await ground.store.credentials.certificate('s1');
    return row !== undefined && row.revokedAtMs > 0 ? true : undefined;
  });
  await until('forgotten', async () =>
    (await ground.store.agents.get('stray')) === undefined ? true : undefined,
  );
});
