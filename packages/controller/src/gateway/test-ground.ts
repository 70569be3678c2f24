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
import { newId } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from '../store/index.ts';
import type { NewTask, Store, TaskRow, TaskSpec } from '../store/store.ts';
import { createContentHandler } from './content.ts';
import type { AgentFile, Gateway, GatewayEvent, GatewaySettings } from './deps.ts';
import { createGateway } from './gateway.ts';

export interface Ground {
  readonly store: Store;
  readonly authority: Authority;
  readonly events: GatewayEvent[];
  /** The one in force; tests may ask for another by starting it. */
  readonly gateway: Gateway;
  readonly tls: { readonly keyPem: string; readonly certPem: string };
  start(settings?: Partial<GatewaySettings>): Promise<Gateway>;
  identity(node: string): Promise<Identity>;
  /** Not connected yet; closed with the ground. */
  agent(identity: Identity, options?: Partial<AgentOptions>): EmulatedAgent;
  /** One queued task per node; returns their ids by node. */
  queue(nodes: readonly string[], task?: Partial<NewTask>, spec?: TaskSpec): Promise<readonly string[]>;
  task(id: string): Promise<TaskRow>;
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

export const openGround = async (settings: Partial<GatewaySettings> = {}): Promise<Ground> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-gateway-'));
  const store = await openStore({ dataDir, clock: systemClock, log: silentLog });
  const authority = await openAuthority({ store, clock: systemClock, dataDir });
  const tls = await authority.serverTls(['127.0.0.1', 'localhost']);
  const events: GatewayEvent[] = [];
  const agents: EmulatedAgent[] = [];
  const identities = new Map<string, Identity>();
  let gateway: Gateway | undefined;
  const start = async (changed: Partial<GatewaySettings> = {}): Promise<Gateway> => {
    const port = gateway?.port ?? 0;
    await gateway?.close();
    gateway = await createGateway({
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
      settings: { ...settings, ...changed },
    });
    return gateway;
  };
  await start();
  const ground: Ground = {
    store,
    authority,
    events,
    tls,
    start,
    get gateway() {
      if (!gateway) throw new Error('the gateway is not started');
      return gateway;
    },
    identity: async (node) => {
      const known = identities.get(node) ?? (await makeIdentities(authority, [node]))[0];
      if (!known) throw new Error(`no identity for ${node}`);
      identities.set(node, known);
      return known;
    },
    agent: (identity, options = {}) => {
      const made = new EmulatedAgent({
        host: '127.0.0.1',
        port: ground.gateway.port,
        caPem: authority.caPem,
        identity,
        reconnect: false,
        ...options,
        behaviour: { ...defaultBehaviour, reconnectMs: 20, maxReconnectMs: 50, ...options.behaviour },
      });
      agents.push(made);
      return made;
    },
    queue: async (nodes, task = {}, spec = commandSpec) => {
      const createdAtMs = systemClock.nowMs();
      const common = {
        state: 'queued',
        timeoutMs: 60_000,
        createdAtMs,
        expiresAtMs: createdAtMs + 600_000,
      } as const;
      const rows = nodes.map((node, index) => ({ ...common, id: newId(), node, index, ...task }));
      await store.tasks.insert(newId(), spec, rows);
      return rows.map((row) => row.id);
    },
    task: async (id) => {
      const row = await store.tasks.get(id);
      if (!row) throw new Error(`no task ${id}`);
      return row;
    },
    close: async () => {
      for (const agent of agents) agent.close();
      await gateway?.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return ground;
};
