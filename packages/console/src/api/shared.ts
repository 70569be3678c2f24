// Owns what is kept up to date while somebody shows it (a list, a stream): shared by all who do.
// I1: many changes become one of what is shown: at most one each `publishMs`.
// I2: what nobody shows is kept for `keepMs`, so that going back costs nothing; then its work ends.
import { ApiError } from '@drover/api/errors';
import { useSyncExternalStore } from 'react';

const publishMs = 200;
const keepMs = 30_000;

export const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('InternalError', String(error));

export interface Screen<T> {
  /** At once. */
  show(shown: T): void;
  /** I1. `make` is asked when it is time. */
  showSoon(make: () => T): void;
}

/** Resolves when somebody asks again for what has failed, or the signal ends the wait: `tell` gets the way to ask. */
export const untilAsked = (signal: AbortSignal, tell: (ask: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    tell(resolve);
  });

/** Shows what it has until the signal ends it. */
export type Work<T> = (screen: Screen<T>, signal: AbortSignal) => Promise<void>;

class Shared<T> {
  readonly #work: Work<T>;
  readonly #onIdle: () => void;
  readonly #listeners = new Set<() => void>();
  #shown: T;
  #stop: AbortController | undefined;
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(first: T, work: Work<T>, onIdle: () => void) {
    this.#shown = first;
    this.#work = work;
    this.#onIdle = onIdle;
  }

  readonly snapshot = (): T => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#idle);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#work(this, this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#idle = setTimeout(() => this.close(), keepMs);
    };
  };

  close(): void {
    this.#stop?.abort();
    clearTimeout(this.#publishing);
    this.#onIdle();
  }

  show(shown: T): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    this.#shown = shown;
    for (const listener of this.#listeners) listener();
  }

  showSoon(make: () => T): void {
    this.#publishing ??= setTimeout(() => this.show(make()), publishMs);
  }
}

const known = new Map<string, Shared<unknown>>();

/** `key` names the work, and so its type: equal keys share what `open` made first. */
export const useShared = <T>(key: string, open: () => { readonly first: T; readonly work: Work<T> }): T => {
  let shared = known.get(key) as Shared<T> | undefined;
  if (shared === undefined) {
    const { first, work } = open();
    shared = new Shared(first, work, () => known.delete(key));
    known.set(key, shared as Shared<unknown>);
  }
  return useSyncExternalStore(shared.subscribe, shared.snapshot);
};
