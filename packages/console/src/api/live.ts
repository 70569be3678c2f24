// Owns lists that follow the controller: each is one watch, shared by whoever shows it.
// I1: what was seen stays while the connection is cut, or the session has ended; `state` says that it may be old.
// I2: it goes on by itself when the controller answers again, and somebody is signed in; what was refused, when asked.
import type { KubeObject } from '@drover/api';
import type { ApiError } from '@drover/api/errors';
import type { ObjectRow, WatchEvent, WatchOptions } from '@drover/client';
import type { KindReference } from '@drover/client/kinds';
import { client } from './client.ts';
import { type Screen, toApiError, untilAsked, useShared, type Work } from './shared.ts';
import { untilSignedIn } from './signed-out.ts';

const firstWaitMs = 500;
const maxWaitMs = 10_000;
/** What ends without anybody's doing here. */
const passing = new Set<string>(['ServiceUnavailable', 'TooManyRequests', 'Unauthorized']);
const initialEnd = 'k8s.io/initial-events-end';

export interface Live<T> {
  readonly items: readonly T[];
  /** offline: what is shown may be old, and is asked for again; failed: `error` says why, and only `retry` asks again. */
  readonly state: 'loading' | 'live' | 'offline' | 'failed';
  readonly error?: ApiError;
  readonly retry?: () => void;
}

export interface Selection {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

type Watch<T> = (options: WatchOptions) => AsyncIterable<WatchEvent<T>>;

/** What has been seen of a list so far. */
interface Seen<T> {
  objects: Map<string, T>;
  /** undefined: not all of it yet. */
  version: string | undefined;
  state: Live<T>['state'];
}

const toLive = <T>({ objects, state }: Seen<T>, error?: ApiError): Live<T> => {
  const items = [...objects.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return { items, state, ...(error === undefined ? {} : { error }) };
};

/** One watch, from where the last one ended. Returns when the server ends it. */
const watch = async <T extends KubeObject>(
  seen: Seen<T>,
  events: AsyncIterable<WatchEvent<T>>,
  screen: Screen<Live<T>>,
): Promise<void> => {
  const fresh = new Map<string, T>();
  let objects = seen.version === undefined ? fresh : seen.objects;
  const showLive = (): void => {
    seen.state = 'live';
    screen.show(toLive(seen));
  };
  for await (const { type, object } of events) {
    const { metadata } = object;
    if (type === 'DELETED') objects.delete(keyOf(object));
    else if (type !== 'BOOKMARK') objects.set(keyOf(object), object);
    if (type === 'BOOKMARK' && metadata.annotations?.[initialEnd] === 'true') {
      seen.objects = objects = fresh;
      seen.version = metadata.resourceVersion;
      showLive();
    } else if (seen.version !== undefined) {
      seen.version = metadata.resourceVersion;
      if (seen.state === 'offline') showLive();
      else if (type !== 'BOOKMARK') screen.showSoon(() => toLive(seen));
    }
  }
};

const follow =
  <T extends KubeObject>(source: Watch<T>, selection: Selection): Work<Live<T>> =>
  async (screen, signal) => {
    const seen: Seen<T> = { objects: new Map(), version: undefined, state: 'loading' };
    const show = (state: Seen<T>['state'], error: ApiError): void => {
      seen.state = state;
      screen.show(toLive(seen, error));
    };
    let waitMs = firstWaitMs;
    const fail = async (error: ApiError): Promise<void> => {
      seen.state = 'failed';
      await untilAsked(signal, (retry) => screen.show({ ...toLive(seen, error), retry }));
      seen.state = 'loading';
      screen.show(toLive(seen));
    };
    while (!signal.aborted) {
      const start =
        seen.version === undefined ? { sendInitialEvents: true } : { resourceVersion: seen.version };
      try {
        await watch(seen, source({ ...selection, ...start, allowWatchBookmarks: true, signal }), screen);
        waitMs = firstWaitMs;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toApiError(thrown);
        // I1: a fault of the controller takes nothing away that was seen.
        const isPassing = passing.has(error.reason) || (error.code >= 500 && seen.version !== undefined);
        if (error.reason === 'Expired' || error.reason === 'Gone') seen.version = undefined;
        else if (isPassing) show(seen.state === 'loading' ? 'loading' : 'offline', error);
        else {
          await fail(error);
          continue;
        }
        if (error.reason === 'Unauthorized') await untilSignedIn(signal);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        waitMs = Math.min(waitMs * 2, maxWaitMs);
      }
    }
  };

const useList = <T extends KubeObject>(
  what: string,
  { group, version, plural }: KindReference<unknown>,
  selection: Selection,
  source: Watch<T>,
): Live<T> => {
  const { namespace, labelSelector, fieldSelector } = selection;
  const key = JSON.stringify([what, group, version, plural, namespace, labelSelector, fieldSelector]);
  return useShared<Live<T>>(key, () => ({
    first: { items: [], state: 'loading' },
    work: follow(source, selection),
  }));
};

/** The list of a kind and selection, kept up to date. */
export const useLive = <T extends KubeObject>(kind: KindReference<T>, selection: Selection = {}): Live<T> =>
  useList<T>('objects', kind, selection, (options) => client.watch(kind, options));

/** The same as rows of the controller's own columns: no more of each object than it shows. */
export const useLiveRows = (kind: KindReference<unknown>, selection: Selection = {}): Live<ObjectRow> =>
  useList('rows', kind, selection, (options) => client.watchRows(kind, options));

/** Several lists as one: it fails when all of them do; of fewer, `missing` says why they are not in it. */
export const joinLive = <T>(lists: readonly Live<T>[]): Live<T> & { readonly missing?: ApiError } => {
  const failed = lists.filter(({ state }) => state === 'failed');
  const [first] = failed;
  const others = lists.filter(({ state }) => state !== 'failed').map(({ state }) => state);
  const state = (['loading', 'offline', 'live'] as const).find((one) => others.includes(one)) ?? 'failed';
  const retry = (): void => {
    for (const one of failed) one.retry?.();
  };
  return {
    items: lists.flatMap(({ items }) => items),
    state,
    ...(first === undefined ? {} : { retry }),
    ...(first?.error === undefined ? {} : { [state === 'failed' ? 'error' : 'missing']: first.error }),
  };
};

export interface LiveObject<T> {
  /** undefined: not there (yet); `state` tells which. */
  readonly object: T | undefined;
  readonly state: Live<T>['state'];
  readonly error?: ApiError;
  readonly retry?: () => void;
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
