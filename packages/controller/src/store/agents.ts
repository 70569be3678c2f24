// Owns the main-thread side of agents. Heartbeats live in memory and are written at most once a minute; where other controllers
// write to the same database they hear of them by rows that are at most `sharedBeatMs` old.
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Tuple } from './sql/database.ts';
import type { AgentRow, AgentStore } from './store.ts';
import type { Threads } from './threads.ts';

type Heartbeat = Readonly<Record<string, number>>;
type Facts = Readonly<Record<string, unknown>>;

const heartbeatWriteMs = 60_000;
/** Written as often, and looked for as often: together with the beat of agents itself 15 s at most. */
const sharedBeatMs = 5_000;

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

interface Beat {
  readonly node: string;
  readonly heartbeat: Heartbeat;
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
  const beatListeners = createListeners<Beat>(deps.log);
  const heartbeats = new Map<string, Heartbeat>();
  const unwritten = new Set<string>();
  const decode = (t: Tuple): AgentRow => toRow(t, heartbeats.get(String(t[0])));
  const tell = (t: Tuple | undefined): void => {
    if (t !== undefined) listeners.tell({ node: String(t[0]), row: decode(t) });
  };
  const announce = { onCommitted: tell };

  const writeHeartbeats = async (): Promise<void> => {
    const rows = [...unwritten].map((node) => [node, JSON.stringify(heartbeats.get(node) ?? null)] as const);
    unwritten.clear();
    if (rows.length > 0) await deps.threads().write('agents.setHeartbeats', { rows, controller });
  };
  /** The newest heartbeat of each agent elsewhere that has been told. */
  const elsewhere = new Map<string, string>();
  const hearHeartbeats = async (): Promise<void> => {
    for (const [node, text] of await deps.threads().read('agents.heartbeatsElsewhere', controller)) {
      if (elsewhere.get(String(node)) === text) continue;
      elsewhere.set(String(node), String(text));
      beatListeners.tell({ node: String(node), heartbeat: JSON.parse(String(text)) as Heartbeat });
    }
  };
  const beat = async (): Promise<void> => {
    await writeHeartbeats();
    if (deps.isShared) await hearHeartbeats();
  };
  const timer = setInterval(
    () => {
      beat().catch((err: unknown) => deps.log.warn({ err }, 'cannot write heartbeats'));
    },
    deps.isShared ? sharedBeatMs : heartbeatWriteMs,
  );

  const store: AgentStore = {
    get: async (node) => {
      const tuple = await deps.threads().read('agents.get', node);
      return tuple && decode(tuple);
    },
    list: async () => (await deps.threads().read('agents.list', undefined)).map(decode),
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
    heartbeat: (node, heartbeat) => {
      heartbeats.set(node, heartbeat);
      unwritten.add(node);
      beatListeners.tell({ node, heartbeat });
    },
    onHeartbeat: (listener) => beatListeners.add(({ node, heartbeat }) => listener(node, heartbeat)),
    remove: async (node) => {
      heartbeats.delete(node);
      unwritten.delete(node);
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
        if (tuple !== null && tuple[12] !== controller) {
          heartbeats.delete(node);
          unwritten.delete(node);
        } else elsewhere.delete(node);
        listeners.tell({ node, row: tuple === null ? undefined : decode(tuple) });
      }
    },
    close: async () => {
      clearInterval(timer);
      elsewhere.clear();
      await writeHeartbeats();
    },
  };
};
