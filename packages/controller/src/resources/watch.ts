// Owns watches. A watcher is a position in its kind's window; it buffers nothing.
// I1: after its start a watcher sees every change that concerns it, once, in order of revision.
// I2: a watcher that falls behind the window is ended with Expired; it never makes memory grow.
// I3: to a watcher with selectors an object that stops to match is DELETED, one that begins to is ADDED.
import { ApiError, apiVersionOf, type Kind, type KubeObject, resourceKey } from '@drover/api';
import type { ObjectStore } from '../store/store.ts';
import type { Cache, KindCache } from './cache.ts';
import { deepFreeze } from './freeze.ts';
import type { WatchEvent, WatchOptions } from './resources.ts';
import { parseSelection, type Selection } from './select.ts';
import { ChangeRecord } from './window.ts';

interface Deps {
  readonly cache: Cache;
  readonly objects: Pick<ObjectStore, 'since'>;
  readonly bookmarkMs: number;
}

const replayRows = 500;

const expired = (kind: Kind, why: string): ApiError =>
  new ApiError('Expired', `cannot watch ${resourceKey(kind)}: ${why}; list again and watch from there`);

const bookmark = (kind: Kind, revision: number, isInitialEnd: boolean): WatchEvent => ({
  type: 'BOOKMARK',
  object: deepFreeze({
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      resourceVersion: String(revision),
      ...(isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  }),
});

/** What the change means to somebody who sees only the selection (I3); undefined: nothing. */
const select = (record: ChangeRecord, selection: Selection): WatchEvent | undefined => {
  if (record.type === 'DELETED') {
    return selection.matches(record.before ?? record.object) ? record.as('DELETED') : undefined;
  }
  const now = selection.matches(record.object);
  if (record.type === 'ADDED') return now ? record.as('ADDED') : undefined;
  const was = selection.mutable && record.before !== undefined ? selection.matches(record.before) : now;
  if (now) return record.as(was ? 'MODIFIED' : 'ADDED');
  return was ? record.as('DELETED') : undefined;
};

/** Where a watch begins; throws ApiError BadRequest or Expired. */
const parseRevision = (kind: Kind, text: string, newest: number): number => {
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw new ApiError('BadRequest', `cannot watch ${resourceKey(kind)}: "${text}" is not a resourceVersion`);
  }
  const revision = Number(text);
  if (revision > newest) throw expired(kind, `resourceVersion ${text} is newer than the newest, ${newest}`);
  return revision;
};

/** Waits of one watcher, ended by whatever comes first. */
class Waiter {
  readonly #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #signal: AbortSignal;
  #wake = Promise.withResolvers<void>();
  isBookmarkDue = false;
  isOver = false;

  constructor(options: Pick<WatchOptions, 'timeoutMs' | 'signal'>) {
    this.#signal = options.signal;
    this.#signal.addEventListener('abort', this.#end);
    if (this.#signal.aborted) this.#end();
    if (options.timeoutMs !== undefined) {
      this.#deadline = setTimeout(this.#end, Math.min(options.timeoutMs, 2 ** 31 - 1));
    }
  }

  readonly #end = (): void => this.end();

  end(): void {
    this.isOver = true;
    this.wake();
  }

  wake(): void {
    this.#wake.resolve();
  }

  async wait(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers<void>();
  }

  close(): void {
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#end);
  }
}

export interface Watches {
  watch(kind: Kind, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** Tells watchers of these kinds that there is something to read. */
  wake(caches: ReadonlySet<KindCache>): void;
  /** Ends all watches. */
  close(): void;
}

interface Start {
  readonly initial: readonly KubeObject[];
  readonly revision: number;
  readonly position: number | 'lost';
}

const planStart = (
  objects: KindCache,
  newest: number,
  selection: Selection,
  options: WatchOptions,
): Start => {
  const { resourceVersion = '' } = options;
  const fromNow = resourceVersion === '' || resourceVersion === '0';
  const revision = fromNow ? newest : parseRevision(objects.kind, resourceVersion, newest);
  const wantsInitial = options.sendInitialEvents ?? fromNow;
  if (wantsInitial || fromNow) {
    const entries = wantsInitial ? objects.entries(selection.namespace) : [];
    const initial = entries.map((entry) => entry.object).filter(selection.matches);
    return { initial, revision: newest, position: objects.window.end };
  }
  const position = objects.window.positionAfter(revision);
  if (position === 'lost' && selection.mutable) {
    throw expired(objects.kind, `changes since resourceVersion ${revision} are no longer in memory`);
  }
  return { initial: [], revision, position };
};

export const createWatches = (deps: Deps): Watches => {
  const waiters = new Map<KindCache, Set<Waiter>>(deps.cache.all().map((cache) => [cache, new Set()]));
  const ticker = setInterval(() => {
    for (const set of waiters.values()) {
      for (const waiter of set) {
        waiter.isBookmarkDue = true;
        waiter.wake();
      }
    }
  }, deps.bookmarkMs);
  let isClosed = false;

  /** Changes after `from` that only the store has; ends at a revision from which the window goes on. */
  async function* replay(
    objects: KindCache,
    from: number,
    selection: Selection,
  ): AsyncGenerator<WatchEvent, number> {
    let revision = from;
    while (objects.window.positionAfter(revision) === 'lost') {
      const newest = deps.cache.revision;
      const rows = await deps.objects.since(revision, replayRows);
      for (const row of rows) {
        revision = row.revision;
        if (row.resource !== resourceKey(objects.kind)) continue;
        const type = ({ created: 'ADDED', updated: 'MODIFIED', deleted: 'DELETED' } as const)[row.type];
        const object = deepFreeze(row.value);
        const record = new ChangeRecord({ revision, key: '', type, object, before: undefined });
        const event = select(record, selection);
        if (event !== undefined) yield event;
      }
      if (rows.length < replayRows) revision = Math.max(revision, newest);
    }
    return revision;
  }

  async function* follow(
    objects: KindCache,
    from: number,
    selection: Selection,
    options: WatchOptions,
    waiter: Waiter,
  ): AsyncGenerator<WatchEvent, void> {
    let position = from;
    while (!waiter.isOver && !isClosed) {
      const record = objects.window.at(position);
      if (record === 'lost') throw expired(objects.kind, 'this watcher was too slow');
      if (record !== undefined) {
        position++;
        const event = select(record, selection);
        if (event !== undefined) yield event;
      } else if (waiter.isBookmarkDue && options.allowWatchBookmarks === true) {
        waiter.isBookmarkDue = false;
        yield bookmark(objects.kind, deps.cache.revision, false);
      } else {
        waiter.isBookmarkDue = false;
        await waiter.wait();
      }
    }
  }

  async function* run(
    objects: KindCache,
    start: Start,
    selection: Selection,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent, void> {
    const waiter = new Waiter(options);
    waiters.get(objects)?.add(waiter);
    try {
      for (const object of start.initial) {
        if (waiter.isOver) return;
        yield { type: 'ADDED', object };
      }
      if (options.sendInitialEvents === true && options.allowWatchBookmarks === true && !waiter.isOver) {
        yield bookmark(objects.kind, start.revision, true);
      }
      const revision =
        start.position === 'lost' ? yield* replay(objects, start.revision, selection) : start.revision;
      const position = start.position === 'lost' ? objects.window.positionAfter(revision) : start.position;
      if (position === 'lost') throw expired(objects.kind, 'this watcher was too slow');
      yield* follow(objects, position, selection, options, waiter);
    } finally {
      waiters.get(objects)?.delete(waiter);
      waiter.close();
    }
  }

  return {
    watch: (kind, options) => {
      const objects = deps.cache.of(kind);
      const selection = parseSelection(kind, options);
      const start = planStart(objects, deps.cache.revision, selection, options);
      return run(objects, start, selection, options);
    },
    wake: (caches) => {
      for (const cache of caches) for (const waiter of waiters.get(cache) ?? []) waiter.wake();
    },
    close: () => {
      isClosed = true;
      clearInterval(ticker);
      for (const set of waiters.values()) for (const waiter of set) waiter.end();
    },
  };
};
