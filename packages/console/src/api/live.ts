// Owns lists that follow the controller: each is one watch, shared by whoever shows it.
// I1: what was seen stays while the connection is cut; `state` says that it may be old.
// I2: many events become one change of what is shown: at most one each `publishMs`.
// I3: a list that nobody shows is kept for `keepMs`, so that going back costs nothing; then its watch ends.
import type { KubeObject } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import type { ObjectRow, WatchEvent, WatchOptions } from '@drover/client';
import type { KindReference } from '@drover/client/kinds';
import { useSyncExternalStore } from 'react';
import { client } from './client.ts';

const publishMs = 100;
const keepMs = 30_000;
const firstWaitMs = 500;
const maxWaitMs = 10_000;
const initialEnd = 'k8s.io/initial-events-end';

export interface Live<T> {
  readonly items: readonly T[];
  /** offline: what is shown may be old, and is asked for again; failed: `error` says why, and nothing will come. */
  readonly state: 'loading' | 'live' | 'offline' | 'failed';
  readonly error?: ApiError;
}

export interface Selection {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('InternalError', String(error));

type Watch<T> = (options: WatchOptions) => AsyncIterable<WatchEvent<T>>;

class LiveList<T extends KubeObject> {
  readonly #source: Watch<T>;
  readonly #selection: Selection;
  readonly #onIdle: () => void;
  readonly #listeners = new Set<() => void>();
  #objects = new Map<string, T>();
  #shown: Live<T> = { items: [], state: 'loading' };
  #version: string | undefined;
  #stop: AbortController | undefined;
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Watch<T>, selection: Selection, onIdle: () => void) {
    this.#source = source;
    this.#selection = selection;
    this.#onIdle = onIdle;
  }

  readonly snapshot = (): Live<T> => this.#shown;

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

  #publish(state: Live<T>['state'], error?: ApiError): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    const items = [...this.#objects.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
    this.#shown = { items, state, ...(error === undefined ? {} : { error }) };
    for (const listener of this.#listeners) listener();
  }

  /** One watch, from where the last one ended. Returns when the server ends it. */
  async #watch(signal: AbortSignal): Promise<void> {
    const from = this.#version;
    const start = from === undefined ? { sendInitialEvents: true } : { resourceVersion: from };
    const fresh = new Map<string, T>();
    let objects = from === undefined ? fresh : this.#objects;
    const options = { ...this.#selection, ...start, allowWatchBookmarks: true, signal };
    for await (const { type, object } of this.#source(options)) {
      const { metadata } = object;
      if (type === 'DELETED') objects.delete(keyOf(object));
      else if (type !== 'BOOKMARK') objects.set(keyOf(object), object);
      if (type === 'BOOKMARK' && metadata.annotations?.[initialEnd] === 'true') {
        this.#objects = objects = fresh;
        this.#version = metadata.resourceVersion;
        this.#publish('live');
      } else if (this.#version !== undefined) {
        this.#version = metadata.resourceVersion;
        if (this.#shown.state === 'offline') this.#publish('live');
        else if (type !== 'BOOKMARK') this.#publishing ??= setTimeout(() => this.#publish('live'), publishMs);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        await this.#watch(signal);
        waitMs = firstWaitMs;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toApiError(thrown);
        if (error.reason === 'Expired' || error.reason === 'Gone') this.#version = undefined;
        else if (error.reason === 'ServiceUnavailable' || error.reason === 'TooManyRequests')
          this.#publish(this.#shown.state === 'loading' ? 'loading' : 'offline', error);
        else return this.#publish('failed', error);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        waitMs = Math.min(waitMs * 2, maxWaitMs);
      }
    }
  }
}

const lists = new Map<string, LiveList<KubeObject>>();

const useList = <T extends KubeObject>(
  what: string,
  { group, version, plural }: KindReference<unknown>,
  selection: Selection,
  source: Watch<T>,
): Live<T> => {
  const { namespace, labelSelector, fieldSelector } = selection;
  const key = JSON.stringify([what, group, version, plural, namespace, labelSelector, fieldSelector]);
  let list = lists.get(key);
  if (list === undefined) {
    list = new LiveList<KubeObject>(source, selection, () => lists.delete(key));
    lists.set(key, list);
  }
  // The key names the kind, and the kind its type.
  return useSyncExternalStore(list.subscribe, list.snapshot) as Live<T>;
};

/** The list of a kind and selection, kept up to date. */
export const useLive = <T extends KubeObject>(kind: KindReference<T>, selection: Selection = {}): Live<T> =>
  useList<T>('objects', kind, selection, (options) => client.watch(kind, options));

/** The same as rows of the controller's own columns: no more of each object than it shows. */
export const useLiveRows = (kind: KindReference<unknown>, selection: Selection = {}): Live<ObjectRow> =>
  useList('rows', kind, selection, (options) => client.watchRows(kind, options));

export interface LiveObject<T> {
  /** undefined: not there (yet); `state` tells which. */
  readonly object: T | undefined;
  readonly state: Live<T>['state'];
  readonly error?: ApiError;
}

/** One object, kept up to date. */
export const useLiveObject = <T extends KubeObject>(
  kind: KindReference<T>,
  name: string,
  namespace?: string,
): LiveObject<T> => {
  const { items, ...rest } = useLive(kind, { namespace, fieldSelector: `metadata.name=${name}` });
  return { object: items[0], ...rest };
};
