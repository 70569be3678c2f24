// Owns rows of the audit trail as they come, for the page that shows them.
// I1: many rows become one change of what is shown, at most one each `publishMs`; the oldest beyond `maxRows` are let go.
import type { AuditFilter, AuditRecord } from '@drover/api';
import { useMemo, useSyncExternalStore } from 'react';
import { client } from '../../api/client.ts';

const publishMs = 100;
const maxRows = 5_000;

export interface Followed {
  /** Newest first. */
  readonly rows: readonly AuditRecord[];
  readonly error?: unknown;
}

const nothing: Followed = { rows: [] };

class Follow {
  readonly #filter: AuditFilter & { readonly after?: number };
  readonly #listeners = new Set<() => void>();
  #shown: Followed = nothing;
  #waiting: AuditRecord[] = [];
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #stop: AbortController | undefined;

  constructor(filter: AuditFilter & { readonly after?: number }) {
    this.#filter = filter;
  }

  readonly snapshot = (): Followed => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#follow(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  };

  close(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
  }

  #publish(error?: unknown): void {
    this.#publishing = undefined;
    const rows = [...this.#waiting.splice(0).reverse(), ...this.#shown.rows].slice(0, maxRows);
    this.#shown = { rows, ...(error === undefined ? {} : { error }) };
    for (const listener of this.#listeners) listener();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    // Begun anew, it goes on behind what it has.
    const after = this.#shown.rows[0]?.seq ?? this.#filter.after;
    try {
      const filter = after === undefined ? this.#filter : { ...this.#filter, after };
      for await (const row of client.audit.follow(filter, { signal })) {
        this.#waiting.push(row);
        this.#publishing ??= setTimeout(() => this.#publish(), publishMs);
      }
    } catch (error) {
      if (!signal.aborted) this.#publish(error);
    }
  }
}

const never = (): (() => void) => () => undefined;

/** `after`: number of the newest row that is shown already; undefined: it is not followed yet. */
export const useFollowed = (filter: AuditFilter, after: number | undefined): Followed => {
  const key = JSON.stringify([filter, after]);
  const follow = useMemo(() => {
    const [of, from] = JSON.parse(key) as [AuditFilter, number | null]; // what was written above
    return from === null ? undefined : new Follow({ ...of, after: from });
  }, [key]);
  return useSyncExternalStore(follow?.subscribe ?? never, follow?.snapshot ?? (() => nothing));
};
