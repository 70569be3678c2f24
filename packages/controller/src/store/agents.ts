// Owns the main-thread side of agents.
import type { Log } from '../platform/log.ts';
import type { AgentRow, AgentStore } from './agent-store.ts';
import { createHeartbeats, type Heartbeat } from './heartbeats.ts';
import { createListeners } from './listeners.ts';
import type { Tuple } from './sql/database.ts';
import type { Threads } from './threads.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Facts are large and most readers of a list do not look at them: parsed at the first look. */
const toRow = (t: Tuple, live: Heartbeat | undefined): AgentRow => {
  let facts: Facts | undefined;
  const text = String(t[10]);
  return {
    node: String(t[0]),
    serial: String(t[1]),
    machineId: String(t[2]),
    bootId: String(t[3]),
    journalId: String(t[4]),
    agentVersion: String(t[5]),
    agentSha256: String(t[6]),
    pythonVersion: String(t[7]),
    controller: String(t[12]),
    connected: t[8] === 1,
    sinceMs: Number(t[9]),
    get facts() {
      facts ??= JSON.parse(text) as Facts;
      return facts;
    },
    heartbeat: live ?? (typeof t[11] === 'string' ? (JSON.parse(t[11]) as Heartbeat) : null),
  };
};

interface Change {
  readonly node: string;
  readonly row: AgentRow | undefined;
}

export interface AgentFace {
  readonly store: AgentStore;
  /** Tells what other controllers have committed. */
  tellOthers(rows: ReadonlyMap<string, Tuple | null>): void;
  /** Writes heartbeats that are only in memory, and stops the timer. */
  close(): Promise<void>;
}

interface AgentDeps {
  readonly threads: () => Threads;
  readonly log: Log;
  /** Id of this controller. */
  readonly controller: string;
  /** Whether there may be others. */
  readonly isShared: boolean;
}

export const createAgents = (deps: AgentDeps): AgentFace => {
  const { controller } = deps;
  const listeners = createListeners<Change>(deps.log);
  const heartbeats = createHeartbeats(deps);
  const decode = (t: Tuple): AgentRow => toRow(t, heartbeats.of(String(t[0])));
  const tell = (t: Tuple | undefined): void => {
    if (t !== undefined) listeners.tell({ node: String(t[0]), row: decode(t) });
  };
  const announce = { onCommitted: tell };

  const store: AgentStore = {
    get: async (node) => {
      const tuple = await deps.threads().read('agents.get', node);
      return tuple && decode(tuple);
    },
    list: async () => (await deps.threads().read('agents.list', undefined)).map(decode),
    owners: async () =>
      (await deps.threads().read('agents.owners', undefined)).map(([node, controller]) => ({
        node: String(node),
        controller: String(controller),
      })),
    connected: async ({ facts, ...row }, nowMs) => {
      await deps
        .threads()
        .write('agents.connected', { ...row, facts: JSON.stringify(facts), nowMs, controller }, announce);
    },
    claim: async (node) => {
      await deps.threads().write('agents.claim', { node, controller });
    },
    disconnected: async (node, nowMs) => {
      await deps.threads().write('agents.disconnected', { node, nowMs, controller }, announce);
    },
    disconnectAll: async (nowMs, whose = controller) => {
      await deps
        .threads()
        .write(
          'agents.disconnectAll',
          { nowMs, controller: whose },
          { onCommitted: (rows) => rows.forEach(tell) },
        );
    },
    controllers: () => deps.threads().read('agents.controllers', undefined),
    setFacts: async (node, facts) => {
      await deps.threads().write('agents.setFacts', { node, facts: JSON.stringify(facts) }, announce);
    },
    heartbeat: heartbeats.take,
    onHeartbeat: heartbeats.onBeat,
    remove: async (node) => {
      heartbeats.forget(node);
      const onCommitted = (was: boolean): void => {
        if (was) listeners.tell({ node, row: undefined });
      };
      await deps.threads().write('agents.remove', node, { onCommitted });
    },
    onChange: (listener) => listeners.add(({ node, row }) => listener(node, row)),
  };
  return {
    store,
    tellOthers: (rows) => {
      for (const [node, tuple] of rows) {
        // What it last said here is older than what it says there.
        if (tuple?.[12] !== controller) heartbeats.forget(node);
        listeners.tell({ node, row: tuple === null ? undefined : decode(tuple) });
      }
    },
    close: () => heartbeats.close(),
  };
};
