// Owns operations on objects of any kind.
import type { KubeObject, Table } from '@drover/api';
import { ApiError, type Status } from '@drover/api/errors';
import { defaultNamespace, type KindReference, toCollectionPath, toObjectPath } from './kinds.ts';
import { sleep } from './resume.ts';
import { type Transport, toRefusal } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ObjectOptions extends CallOptions {
  /** Default "default"; no meaning for kinds of cluster scope. */
  readonly namespace?: string | undefined;
}

export interface WriteOptions extends ObjectOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly subresource?: 'status' | 'approval';
  /** What the controller does, but not without a word. Of browser pages only. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

export interface ListOptions extends CallOptions {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface WatchOptions extends ListOptions {
  /** undefined: first ADDED for all that is there. */
  readonly resourceVersion?: string | undefined;
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface ListOf<T> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly T[];
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export type PatchType = 'json' | 'merge' | 'strategic-merge';

export interface Objects {
  get<T>(kind: KindReference<T>, name: string, options?: ObjectOptions): Promise<T>;
  list<T>(kind: KindReference<T>, options?: ListOptions): Promise<ListOf<T>>;
  /** Every object, fetched in pages of `limit` (default 500). */
  listAll<T>(kind: KindReference<T>, options?: ListOptions): AsyncIterable<T>;
  /** As `kubectl get` shows it. */
  table(kind: KindReference<unknown>, options?: ListOptions): Promise<Table>;
  /** Ends when the server ends it; throws ApiError Expired when the version is too old. */
  watch<T>(kind: KindReference<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T>(kind: KindReference<T>, object: unknown, options?: WriteOptions): Promise<T>;
  update<T>(kind: KindReference<T>, name: string, object: unknown, options?: WriteOptions): Promise<T>;
  patch<T>(
    kind: KindReference<T>,
    name: string,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: WriteOptions,
  ): Promise<T>;
  /** The object while finalizers hold it, else a Status. */
  delete(
    kind: KindReference<unknown>,
    name: string,
    options?: ObjectOptions & {
      readonly dryRun?: boolean;
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    },
  ): Promise<KubeObject | Status>;
  /** Watches one object until `condition` holds (undefined: it is gone); resolves to it as it then is. */
  waitFor<T>(
    kind: KindReference<T>,
    name: string,
    condition: (object: T | undefined) => boolean,
    options?: ObjectOptions,
  ): Promise<T | undefined>;
}

/** Before a watch is begun again that was cut, or refused by a controller that stops; the list before it says if there is one. */
const againMs = 250;

/** Accept of the server's own columns. */
export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const selection = (options: ListOptions) => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit,
  continue: options.continue,
});

const writeQuery = (options: WriteOptions) => ({
  dryRun: options.dryRun === true ? 'All' : undefined,
  fieldManager: options.fieldManager,
  fieldValidation: options.fieldValidation,
});

const writePath = (kind: KindReference<unknown>, name: string, options: WriteOptions): string =>
  `${toObjectPath(kind, name, options.namespace)}${options.subresource === undefined ? '' : `/${options.subresource}`}`;

/** An event as sent; ERROR carries a Status. */
type SentEvent<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: Status };

async function* watch<T>(
  http: Transport,
  kind: KindReference<T>,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent<T>> {
  const { resourceVersion, sendInitialEvents, allowWatchBookmarks, timeoutSeconds, signal } = options;
  const more = sendInitialEvents === true ? { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' } : {};
  const events = http.lines<SentEvent<T>>({
    path: toCollectionPath(kind, options.namespace),
    query: {
      ...selection(options),
      ...more,
      watch: true,
      resourceVersion,
      allowWatchBookmarks,
      timeoutSeconds,
    },
    signal,
  });
  for await (const event of events) {
    if (event.type !== 'ERROR') yield event;
    else throw toRefusal(event.object.code, JSON.stringify(event.object), `watch ${kind.plural}`);
  }
}

async function* listAll<T>(
  http: Transport,
  kind: KindReference<T>,
  options: ListOptions = {},
): AsyncGenerator<T> {
  let next = options.continue;
  do {
    const query = { ...selection(options), limit: options.limit ?? 500, continue: next };
    const path = toCollectionPath(kind, options.namespace);
    const page = await http.json<ListOf<T>>({ path, query, signal: options.signal });
    yield* page.items;
    next = page.metadata.continue;
  } while (next !== undefined && next !== '');
}

const waitFor = async <T>(
  http: Transport,
  kind: KindReference<T>,
  name: string,
  condition: (object: T | undefined) => boolean,
  { namespace = defaultNamespace, signal }: ObjectOptions = {},
): Promise<T | undefined> => {
  const one = { namespace, fieldSelector: `metadata.name=${name}`, signal };
  for (;;) {
    const list = await http.json<ListOf<T>>({
      path: toCollectionPath(kind, namespace),
      query: selection(one),
      signal,
    });
    const [found] = list.items;
    if (condition(found)) return found;
    const { resourceVersion } = list.metadata;
    try {
      for await (const { type, object } of watch(http, kind, { ...one, resourceVersion })) {
        if (type === 'BOOKMARK') continue;
        const now = type === 'DELETED' ? undefined : object;
        if (condition(now)) return now;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'ServiceUnavailable') await sleep(againMs * (1 + Math.random()), signal);
      else if (error.reason !== 'Expired') throw error;
    }
  }
};

export const createObjects = (http: Transport): Objects => ({
  get: (kind, name, { namespace, signal } = {}) =>
    http.json({ path: toObjectPath(kind, name, namespace), signal }),
  list: (kind, options = {}) =>
    http.json({
      path: toCollectionPath(kind, options.namespace),
      query: selection(options),
      signal: options.signal,
    }),
  listAll: (kind, options) => listAll(http, kind, options),
  table: (kind, options = {}) =>
    http.json({
      path: toCollectionPath(kind, options.namespace),
      query: selection(options),
      accept: tableType,
      signal: options.signal,
    }),
  watch: (kind, options) => watch(http, kind, options),
  create: (kind, object, options = {}) =>
    http.json({
      method: 'POST',
      path: toCollectionPath(kind, options.namespace ?? defaultNamespace),
      query: writeQuery(options),
      body: object,
      signal: options.signal,
      onWarning: options.onWarning,
    }),
  update: (kind, name, object, options = {}) =>
    http.json({
      method: 'PUT',
      path: writePath(kind, name, options),
      query: writeQuery(options),
      body: object,
      signal: options.signal,
      onWarning: options.onWarning,
    }),
  patch: (kind, name, { type, body }, options = {}) =>
    http.json({
      method: 'PATCH',
      path: writePath(kind, name, options),
      query: writeQuery(options),
      body,
      contentType: `application/${type}-patch+json`,
      signal: options.signal,
    }),
  delete: (kind, name, { namespace, signal, dryRun, propagationPolicy, preconditions } = {}) =>
    http.json({
      method: 'DELETE',
      path: toObjectPath(kind, name, namespace),
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...(dryRun === true ? { dryRun: ['All'] } : {}),
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
        ...(preconditions === undefined ? {} : { preconditions }),
      },
      signal,
    }),
  waitFor: (kind, name, condition, options) => waitFor(http, kind, name, condition, options),
});
