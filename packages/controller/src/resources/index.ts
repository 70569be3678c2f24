// Owns how the resources room is put together: cache, writer, watches and the loops that keep order.
import {
  defaultRetention,
  type Kind,
  type KubeObject,
  type RetentionSpec,
  retentionIn,
  retentionPolicyKind,
} from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { CommittedRow, Store, Unsubscribe } from '../store/store.ts';
import { Cache, type KindCache, toKey } from './cache.ts';
import { Collector } from './collector.ts';
import { Definitions, storedKinds } from './definitions.ts';
import { isReason, notFound } from './errors.ts';
import { list } from './list.ts';
import { Namespaces } from './namespaces.ts';
import { QuotaKeeper, Quotas } from './quotas.ts';
import type { DeleteOptions, ListOptions, Resources, WatchEvent } from './resources.ts';
import { Retention, type RetentionOptions, toRetentionOptions } from './retention.ts';
import { inVersion } from './versions.ts';
import { Watches } from './watch.ts';
import { Writer } from './writer.ts';

export interface ResourcesOptions {
  readonly store: Pick<Store, 'objects' | 'meta'>;
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this controller is the one that removes what is old (retention.ts); always unless given. */
  readonly leads?: () => boolean;
  readonly retention?: Partial<RetentionOptions>;
  /** How often a watcher that allows them gets a bookmark; a minute unless given. */
  readonly bookmarkMs?: number;
}

type Follow = (listener: (rows: readonly CommittedRow[]) => void) => Unsubscribe;

/** The cache of what is stored; `follow` then gives every row that is committed after it, none left out. */
const load = async (
  objects: Store['objects'],
  kinds: readonly Kind[],
): Promise<{ readonly cache: Cache; readonly follow: Follow }> => {
  let early: CommittedRow[] | undefined = [];
  let listen: (rows: readonly CommittedRow[]) => void = (rows) => void early?.push(...rows);
  const unsubscribe = objects.onCommit((rows) => listen(rows));
  const snapshot = await objects.snapshot();
  const follow: Follow = (listener) => {
    const missed = (early ?? []).filter((row) => row.revision > snapshot.revision);
    early = undefined;
    listen = listener;
    if (missed.length > 0) listener(missed);
    return unsubscribe;
  };
  return { cache: new Cache([...kinds, ...storedKinds(snapshot.rows)], snapshot), follow };
};

const deleteWidth = 64;

/** Deletes what the options select, some at a time; what is gone already is passed over. */
const deleteCollection = async (
  cache: Cache,
  writer: Writer,
  kind: Kind,
  options: ListOptions & DeleteOptions,
): Promise<readonly KubeObject[]> => {
  const { items } = list(cache, kind, options);
  const pending = items.values();
  const deleted: KubeObject[] = [];
  const work = async (): Promise<void> => {
    for (const { metadata } of pending) {
      const name = { kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
      try {
        deleted.push(await writer.delete(name, options));
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: deleteWidth }, work));
  return deleted;
};

const shown = (kind: Kind, object: KubeObject | undefined): KubeObject | undefined =>
  object && inVersion(kind, object);

/** Events whose objects are in the version of the kind. */
async function* eventsInVersion(
  kind: Kind,
  events: AsyncIterable<WatchEvent>,
): AsyncGenerator<WatchEvent, void> {
  for await (const event of events) {
    const object = inVersion(kind, event.object);
    yield object === event.object ? event : { type: event.type, object };
  }
}

/** What people have set; the defaults in a room without the kind. */
const retentionOf = (find: Resources['find'], kinds: readonly Kind[]): RetentionSpec =>
  kinds.includes(retentionPolicyKind) ? retentionIn({ find }) : defaultRetention;

/** Loads every object and starts the loops: garbage collection, namespaces, retention. `close` ends them. */
export const createResources = async (options: ResourcesOptions): Promise<Resources> => {
  const { store, kinds, clock, log, leads = () => true } = options;
  const { cache, follow } = await load(store.objects, kinds);
  const quotas = new Quotas(cache);
  const writer = new Writer({ cache, objects: store.objects, clock, quotas });
  const collector = new Collector({ cache, writer, log });
  const namespaces = new Namespaces({ cache, writer, clock, log });
  const quotaKeeper = new QuotaKeeper({ cache, writer, quotas, log });
  const watches = new Watches({ cache, objects: store.objects, bookmarkMs: options.bookmarkMs ?? 60_000 });
  const onChange = (changed: KindCache): void => watches.end(changed);
  const definitions = new Definitions({ cache, writer, kinds, clock, log, onChange });
  const unfollow = follow((rows) => {
    const changes = cache.apply(rows);
    for (const change of changes) {
      collector.see(change);
      namespaces.see(change);
      quotaKeeper.see(change);
      definitions.see(change);
    }
    watches.wake(new Set<KindCache>(changes.map((change) => change.cache)));
    for (const { cache, entry } of changes) entry.settle(watches.has(cache) ? 'object' : 'text');
  });
  await namespaces.start();
  const find = (kind: Kind, namespace: string, name: string): KubeObject | undefined =>
    shown(kind, cache.of(kind).get(toKey(namespace, name)));
  const retention = await Retention.open({
    ...{ cache, writer, store, clock, log, leads },
    options: () => ({ ...toRetentionOptions(retentionOf(find, kinds)), ...options.retention }),
    everyMs: options.retention?.everyMs ?? 60_000,
  });
  return {
    get kinds() {
      return definitions.kinds;
    },
    customKind: (group, version, plural) => definitions.find(group, version, plural),
    kind: (resource) => cache.ofResource(resource).kind,
    find,
    get: (kind, namespace, name) => {
      const found = find(kind, namespace, name);
      if (found === undefined) throw notFound('get', { kind, namespace, name });
      return found;
    },
    list: (kind, listOptions = {}) => {
      const found = list(cache, kind, listOptions);
      if (kind.custom === undefined) return found;
      return { ...found, items: found.items.map((object) => inVersion(kind, object)) };
    },
    size: (kind) => cache.of(kind).size,
    create: (kind, namespace, object, writeOptions) => writer.create(kind, namespace, object, writeOptions),
    update: async (kind, namespace, name, object, writeOptions) =>
      writer.update({ kind, namespace, name }, object, writeOptions),
    patch: async (kind, namespace, name, patch, writeOptions) =>
      writer.patch({ kind, namespace, name }, patch, writeOptions),
    apply: async (kind, namespace, name, object, applyOptions) =>
      writer.apply({ kind, namespace, name }, object, applyOptions),
    modify: async (kind, namespace, name, change, writeOptions) =>
      writer.modify({ kind, namespace, name }, change, writeOptions),
    delete: async (kind, namespace, name, deleteOptions) =>
      writer.delete({ kind, namespace, name }, deleteOptions),
    deleteCollection: (kind, deleteOptions) => deleteCollection(cache, writer, kind, deleteOptions),
    watch: (kind, watchOptions) => {
      const events = watches.watch(kind, watchOptions);
      return kind.custom === undefined ? events : eventsInVersion(kind, events);
    },
    catchUp: () => store.objects.catchUp(),
    revision: (kind) => (kind === undefined ? cache.revision : cache.of(kind).changedAt),
    close: async () => {
      watches.close();
      await retention.close();
      await definitions.close();
      await namespaces.close();
      await quotaKeeper.close();
      await collector.close();
      unfollow();
    },
  };
};
