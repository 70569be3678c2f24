// Owns the heartbeats of agents: in memory, written at most once a minute. Where other controllers write to the same database they
// are written and looked for more often, so that what an agent elsewhere says is known here within 15 s.
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Unsubscribe } from './store.ts';
import type { Threads } from './threads.ts';

export type Heartbeat = Readonly<Record<string, number>>;

const writeMs = 60_000;
/** Together with the beat of the agents themselves less than 15 s. */
const sharedMs = 5_000;

interface Beat {
  readonly node: string;
  readonly heartbeat: Heartbeat;
}

interface HeartbeatDeps {
  readonly threads: () => Threads;
  readonly log: Log;
  /** Id of this controller. */
  readonly controller: string;
  /** Whether there may be others. */
  readonly isShared: boolean;
}

export interface Heartbeats {
  of(node: string): Heartbeat | undefined;
  take(node: string, heartbeat: Heartbeat): void;
  /** Of a node that is gone, or whose agent is elsewhere now. */
  forget(node: string): void;
  onBeat(listener: (node: string, heartbeat: Heartbeat) => void): Unsubscribe;
  /** Writes those that are only in memory, and stops the timer. */
  close(): Promise<void>;
}

export const createHeartbeats = ({ threads, log, controller, isShared }: HeartbeatDeps): Heartbeats => {
  const listeners = createListeners<Beat>(log);
  const known = new Map<string, Heartbeat>();
  const unwritten = new Set<string>();
  /** The newest of each agent elsewhere. */
  let elsewhere: ReadonlyMap<string, string> = new Map();

  const write = async (): Promise<void> => {
    const nodes = [...unwritten];
    const rows = nodes.map((node) => [node, JSON.stringify(known.get(node) ?? null)] as const);
    unwritten.clear();
    if (rows.length === 0) return;
    await threads()
      .write('agents.setHeartbeats', { rows, controller })
      .catch((error: unknown) => {
        for (const node of nodes) if (known.has(node)) unwritten.add(node);
        throw error;
      });
  };
  const hear = async (): Promise<void> => {
    const rows = await threads().read('agents.heartbeatsElsewhere', controller);
    const before = elsewhere;
    elsewhere = new Map(rows.map(([node, text]) => [String(node), String(text)]));
    for (const [node, text] of elsewhere)
      if (before.get(node) !== text) listeners.tell({ node, heartbeat: JSON.parse(text) as Heartbeat });
  };
  const beat = async (): Promise<void> => {
    await write();
    if (isShared) await hear();
  };
  const failed = (err: unknown): void => log.warn({ err }, 'cannot write heartbeats');
  const timer = setInterval(() => void beat().catch(failed), isShared ? sharedMs : writeMs);

  return {
    of: (node) => known.get(node),
    take: (node, heartbeat) => {
      known.set(node, heartbeat);
      unwritten.add(node);
      listeners.tell({ node, heartbeat });
    },
    forget: (node) => {
      known.delete(node);
      unwritten.delete(node);
    },
    onBeat: (listener) => listeners.add(({ node, heartbeat }) => listener(node, heartbeat)),
    close: async () => {
      clearInterval(timer);
      // The next beats of the agents say the same: what the disk refuses does not keep the store from closing.
      await write().catch(failed);
    },
  };
};
