// A real gateway on a real store and authority, and emulated agents on real TLS, for the tests of this room.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentOptions,
  defaultBehaviour,
  EmulatedAgent,
  type Identity,
} from '../../../../bench/emulator/agent.ts';
import { makeIdentities } from '../../../../bench/emulator/identities.ts';
import { type Authority, openAuthority } from '../auth/authority.ts';
import { systemClock } from '../platform/clock.ts';
import type { Fence } from '../platform/fence.ts';
import { newId } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from '../store/index.ts';
import type { NewTask, Store, TaskRow, TaskSpec } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';
import { createContentHandler } from './content.ts';
import type { AgentFile, Gateway, GatewayEvent, GatewaySettings } from './deps.ts';
import { createGateway } from './gateway.ts';

export interface Ground {
  readonly store: Store;
  readonly authority: Authority;
  /** What was told about a node so far. */
  told(node: string): readonly GatewayEvent[];
  /** The one in force; tests may ask for another by starting it. */
  readonly gateway: Gateway;
  readonly tls: { readonly keyPem: string; readonly certPem: string };
  start(settings?: Partial<GatewaySettings>): Promise<Gateway>;
  /** A node name that no test has used yet. */
  newNode(): string;
  identity(node: string): Promise<Identity>;
  /** Not connected yet; closed with the ground. */
  agent(identity: Identity, options?: Partial<AgentOptions>): EmulatedAgent;
  /** One queued task per node; returns their ids by node. */
  queue(nodes: readonly string[], task?: Partial<NewTask>, spec?: TaskSpec): Promise<readonly string[]>;
  task(id: string): Promise<TaskRow>;
  /** After each test: ends its agents, and goes back to the settings of the ground. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export const commandSpec: TaskSpec = {
  kind: 'command',
  argv: ['true'],
  script: '',
  user: '',
  cwd: '',
  env: {},
  input: '',
  maxOutputBytes: 1_000_000,
};

export const agentFile: AgentFile = {
  version: '9.9.9',
  sha256: 'ab'.repeat(32),
  signature: Uint8Array.of(1, 2, 3),
  bytes: Buffer.from('# the agent\n'),
};

const queueTasks = async (
  store: Store,
  nodes: readonly string[],
  task: Partial<NewTask>,
  spec: TaskSpec,
): Promise<readonly string[]> => {
  const createdAtMs = systemClock.nowMs();
  const times = { timeoutMs: 60_000, createdAtMs, expiresAtMs: createdAtMs + 600_000 };
  const rows = nodes.map(
    (node, index): NewTask => ({ state: 'queued', ...times, id: newId(), node, index, ...task }),
  );
  await store.tasks.insert(newId(), spec, rows);
  return rows.map((row) => row.id);
};

interface Base extends Pick<Ground, 'store' | 'authority' | 'tls'> {
  readonly events: GatewayEvent[];
  readonly settings: Partial<GatewaySettings>;
  readonly fence?: Fence<TaskSpec> | undefined;
}

const startGateway = (base: Base, port: number): Promise<Gateway> => {
  const { store, authority, events, tls, settings, fence } = base;
  return createGateway({
    store,
    authority: { caPem: authority.caPem, serverTls: () => tls },
    content: createContentHandler({ store, clock: systemClock, log: silentLog }),
    clock: systemClock,
    log: silentLog,
    host: '127.0.0.1',
    port,
    agentRelease: () => agentFile,
    renew: async (node, serial, csrPem) => (await authority.renew(node, serial, csrPem)).certPem,
    onEvent: (event) => events.push(event),
    settings,
    ...(fence === undefined ? {} : { fence }),
  });
};

export const openGround = async (
  settings: Partial<GatewaySettings> = {},
  fence?: Fence<TaskSpec>,
): Promise<Ground> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-gateway-'));
  const store = await openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads });
  const authority = await openAuthority({ store, clock: systemClock, dataDir });
  const tls = await authority.serverTls(['127.0.0.1', 'localhost']);
  const events: GatewayEvent[] = [];
  const agents: EmulatedAgent[] = [];
  const identities = new Map<string, Identity>();
  let nodes = 0;
  let isChanged = false;
  let gateway = await startGateway({ store, authority, events, tls, settings, fence }, 0);
  const start = async (changed: Partial<GatewaySettings> = {}): Promise<Gateway> => {
    const { port } = gateway;
    await gateway.close();
    isChanged = Object.keys(changed).length > 0;
    gateway = await startGateway(
      { store, authority, events, tls, fence, settings: { ...settings, ...changed } },
      port,
    );
    return gateway;
  };
  return {
    store,
    authority,
    tls,
    told: (node) => events.filter((event) => event.node === node),
    start,
    get gateway() {
      return gateway;
    },
    newNode: () => `n${++nodes}`,
    identity: async (node) => {
      const known = identities.get(node) ?? (await makeIdentities(authority, [node]))[0];
      if (!known) throw new Error(`no identity for ${node}`);
      identities.set(node, known);
      return known;
    },
    agent: (identity, options = {}) => {
      const where = { host: '127.0.0.1', port: gateway.port, caPem: authority.caPem, reconnect: false };
      const behaviour = { ...defaultBehaviour, reconnectMs: 20, maxReconnectMs: 50, ...options.behaviour };
      const made = new EmulatedAgent({ ...where, identity, ...options, behaviour });
      agents.push(made);
      return made;
    },
    queue: (names, task = {}, spec = commandSpec) => queueTasks(store, names, task, spec),
    task: async (id) => {
      const row = await store.tasks.get(id);
      if (!row) throw new Error(`no task ${id}`);
      return row;
    },
    rest: async () => {
      for (const agent of agents.splice(0)) agent.close();
      if (isChanged) await start();
    },
    close: async () => {
      for (const agent of agents) agent.close();
      await gateway.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
