// Owns which nodes are connected, as last told by the store, and how an absence is put in words.
import type { AgentRow, AgentStore } from '../store/agent-store.ts';
import type { Unsubscribe } from '../store/store.ts';

type Presence = Pick<AgentRow, 'connected' | 'sinceMs'>;

/** '12:04' of today, or '2026-03-01 12:04' of another day; UTC. */
const toShortTime = (ms: number, nowMs: number): string => {
  const text = new Date(ms).toISOString();
  const today = new Date(nowMs).toISOString().slice(0, 10) === text.slice(0, 10);
  return `${today ? text.slice(11, 16) : text.slice(0, 16).replace('T', ' ')} UTC`;
};

export class Nodes {
  /** Resolves when the present state has been read; until then every node counts as not connected. */
  readonly ready: Promise<void>;
  readonly #known = new Map<string, Presence>();
  readonly #unsubscribe: Unsubscribe;

  /** `onChange` is told a node's name whenever it comes or goes. */
  constructor(agents: AgentStore, onChange: (node: string) => void) {
    this.#unsubscribe = agents.onChange((node, row) => {
      const before = this.isConnected(node);
      this.#known.set(node, row ?? { connected: false, sinceMs: 0 });
      if (before !== this.isConnected(node)) onChange(node);
    });
    this.ready = agents.list().then((rows) => {
      for (const row of rows) if (!this.#known.has(row.node)) this.#known.set(row.node, row);
    });
  }

  isConnected(node: string): boolean {
    return this.#known.get(node)?.connected ?? false;
  }

  /** How long a node that is not connected has been away; Infinity if it never was here. */
  awayMs(node: string, nowMs: number): number {
    const sinceMs = this.#known.get(node)?.sinceMs ?? 0;
    return sinceMs === 0 ? Number.POSITIVE_INFINITY : nowMs - sinceMs;
  }

  /** 'not connected since 12:04 UTC' or 'never connected'. */
  absence(node: string, nowMs: number): string {
    const sinceMs = this.#known.get(node)?.sinceMs ?? 0;
    return sinceMs === 0 ? 'never connected' : `not connected since ${toShortTime(sinceMs, nowMs)}`;
  }

  close(): void {
    this.#unsubscribe();
  }
}
