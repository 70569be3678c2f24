// Owns streams that a page follows to their end (results, logs): each is read once, shared by whoever shows it.
// I1: many events become one change of what is shown: at most one each `publishMs`.
// I2: what nobody shows is kept for `keepMs`, so that going back costs nothing; then its stream ends.
import { ApiError } from '@drover/api/errors';
import { useSyncExternalStore } from 'react';

const publishMs = 100;
const keepMs = 30_000;

/** A stream, and what becomes of its events. */
export interface Source<E, T> {
  /** Goes on over cuts by itself, until the end. */
  readonly read: (signal: AbortSignal) => AsyncIterable<E>;
  readonly add: (event: E) => void;
  /** What is shown of all that was added. */
  readonly view: () => T;
}

export interface Followed<T> {
  readonly value: T;
  /** waiting: nothing has come yet; failed: `error` says why, and nothing will come. */
  readonly state: 'waiting' | 'live' | 'ended' | 'failed';
  readonly error?: ApiError;
}

const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('InternalError', String(error));

class Follower<E, T> {
  readonly #source: Source<E, T>;
  readonly #onIdle: () => void;
  readonly #listeners = new Set<() => void>();
  #shown: Followed<T>;
  #stop: AbortController | undefined;
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source<E, T>, onIdle: () => void) {
    this.#source = source;
    this.#onIdle = onIdle;
    this.#shown = { value: source.view(), state: 'waiting' };
  }

  readonly snapshot = (): Followed<T> => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#idle);
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      void this.#follow(this.#stop.signal);
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

  #publish(state: Followed<T>['state'], error?: ApiError): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    this.#shown = { value: this.#source.view(), state, ...(error === undefined ? {} : { error }) };
    for (const listener of this.#listeners) listener();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#source.read(signal)) {
        this.#source.add(event);
        this.#publishing ??= setTimeout(() => this.#publish('live'), publishMs);
      }
      if (!signal.aborted) this.#publish('ended');
    } catch (error) {
      if (!signal.aborted) this.#publish('failed', toApiError(error));
    }
  }
}

const followers = new Map<string, Follower<unknown, unknown>>();

/** `key` names the stream: equal keys share what `open` made first. */
export const useFollowed = <E, T>(key: string, open: () => Source<E, T>): Followed<T> => {
  // The key names the stream, and the stream its types.
  let follower = followers.get(key) as Follower<E, T> | undefined;
  if (follower === undefined) {
    follower = new Follower(open(), () => followers.delete(key));
    followers.set(key, follower as Follower<unknown, unknown>);
  }
  return useSyncExternalStore(follower.subscribe, follower.snapshot);
};
