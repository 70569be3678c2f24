// Owns watches. A watcher is a position in its kind's window; it buffers nothing.
// I1: after its start a watcher sees every change that concerns it, once, in order of revision.
// I2: a watcher that falls behind the window is ended with Expired; it never makes memory grow.
// I3: to a watcher with selectors an object that stops to match is DELETED, one that begins to is ADDED.
import { ApiError, apiVersionOf, type Kind, type KubeObject, resourceKey } from '@drover/api';
import type { ObjectRow, ObjectStore } from '../store/store.ts';
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
  readonly #finish: AbortSignal | undefined;
  #wake = Promise.withResolvers<void>();
  isBookmarkDue = false;
  isOver = false;
  isFinishing = false;

  constructor(options: Pick<WatchOptions, 'timeoutMs' | 'signal' | 'finish'>) {
    this.#signal = options.signal;
    this.#signal.addEventListener('abort', this.#end);
    if (this.#signal.aborted) this.#end();
    this.#finish = options.finish;
    this.#finish?.addEventListener('abort', this.#isToFinish);
    if (this.#finish?.aborted === true) this.#isToFinish();
    if (options.timeoutMs !== undefined) {
      this.#deadline = setTimeout(this.#end, Math.min(options.timeoutMs, 2 ** 31 - 1));
    }
  }

  readonly #end = (): void => this.end();
  /** Where it stands is told besides: whoever watched goes on from there. */
  readonly #isToFinish = (): void => {
    this.isBookmarkDue = true;
    this.finish();
  };

  end(): void {
    this.isOver = true;
    this.wake();
  }

  /** Ends once there is nothing left to tell. */
  finish(): void {
    this.isFinishing = true;
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
    this.#finish?.removeEventListener('abort', this.#isToFinish);
  }
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

const changeTypes = { created: 'ADDED', updated: 'MODIFIED', deleted: 'DELETED' } as const;

/** A row that is in no window any more, for a selection that no change of an object can alter. */
const toStoredEvent = (row: ObjectRow, selection: Selection): WatchEvent | undefined => {
  const object = deepFreeze(row.value);
  const type = changeTypes[row.type];
  return select(
    new ChangeRecord({ revision: row.revision, type, of: { key: '', object }, before: undefined }),
    selection,
  );
};

/** One watch being read. */
interface Reader {
  readonly objects: KindCache;
  readonly selection: Selection;
  readonly options: WatchOptions;
}

export class Watches {
  readonly #deps: Deps;
  readonly #waiters: Map<KindCache, Set<Waiter>>;
  readonly #ticker: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#waiters = new Map(deps.cache.all().map((cache) => [cache, new Set()]));
    this.#ticker = setInterval(() => this.#tick(), deps.bookmarkMs);
  }

  #tick(): void {
    for (const set of this.#waiters.values()) {
      for (const waiter of set) {
        waiter.isBookmarkDue = true;
        waiter.wake();
      }
    }
  }

  watch(kind: Kind, options: WatchOptions): AsyncIterable<WatchEvent> {
    const objects = this.#deps.cache.of(kind);
    const selection = parseSelection(kind, options);
    const start = planStart(objects, this.#deps.cache.revision, selection, options);
    return this.#run({ objects, selection, options }, start);
  }

  /** Tells watchers of these kinds that there is something to read. */
  wake(caches: ReadonlySet<KindCache>): void {
    for (const cache of caches) for (const waiter of this.#waiters.get(cache) ?? []) waiter.wake();
  }

  /** Whether anybody watches. */
  has(cache: KindCache): boolean {
    return (this.#waiters.get(cache)?.size ?? 0) > 0;
  }

  /** Ends the watches of one kind once they have told what they were woken for; whoever goes on asks anew. */
  end(cache: KindCache): void {
    for (const waiter of this.#waiters.get(cache) ?? []) waiter.finish();
    this.#waiters.delete(cache);
  }

  /** Ends all watches. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ticker);
    for (const set of this.#waiters.values()) for (const waiter of set) waiter.end();
  }

  async *#run(reader: Reader, start: Start): AsyncGenerator<WatchEvent, void> {
    const { objects, options } = reader;
    const waiter = new Waiter(options);
    const waiters = this.#waiters.get(objects) ?? new Set();
    this.#waiters.set(objects, waiters.add(waiter));
    try {
      for (const object of start.initial) {
        if (waiter.isOver) return;
        yield { type: 'ADDED', object };
      }
      if (options.sendInitialEvents === true && options.allowWatchBookmarks === true && !waiter.isOver) {
        yield bookmark(objects.kind, start.revision, true);
      }
      const position =
        start.position === 'lost' ? yield* this.#replay(reader, start.revision) : start.position;
      yield* this.#follow(reader, position, waiter);
    } finally {
      waiters.delete(waiter);
      waiter.close();
    }
  }

  /** Changes after `from` that only the store has; returns the position from which the window goes on. */
  async *#replay({ objects, selection }: Reader, from: number): AsyncGenerator<WatchEvent, number> {
    let revision = from;
    for (;;) {
      const position = objects.window.positionAfter(revision);
      if (position !== 'lost') return position;
      const newest = this.#deps.cache.revision;
      const rows = await this.#deps.objects.since(revision, replayRows);
      for (const row of rows) {
        revision = row.revision;
        const event = row.resource === resourceKey(objects.kind) ? toStoredEvent(row, selection) : undefined;
        if (event !== undefined) yield event;
      }
      if (rows.length < replayRows) revision = Math.max(revision, newest);
    }
  }

  async *#follow(reader: Reader, from: number, waiter: Waiter): AsyncGenerator<WatchEvent, void> {
    const { objects, selection, options } = reader;
    let position = from;
    while (!waiter.isOver && !this.#isClosed) {
      const record = objects.window.at(position);
      if (record === 'lost') throw expired(objects.kind, 'this watcher was too slow');
      if (record !== undefined) {
        position++;
        const event = select(record, selection);
        if (event !== undefined) yield event;
      } else if (waiter.isBookmarkDue && options.allowWatchBookmarks === true) {
        waiter.isBookmarkDue = false;
        yield bookmark(objects.kind, this.#deps.cache.revision, false);
      } else {
        if (waiter.isFinishing) return;
        waiter.isBookmarkDue = false;
        await waiter.wait();
      }
    }
  }
}
