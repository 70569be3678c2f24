// Owns how long history is kept: revisions for watches, and Events.
// How long is asked before each pass: people change it while we run.
// Of several controllers the leader removes; every one remembers what there was when, so that each can go on with it.
// I1: a revision younger than `keepMs` is compacted only when more than `maxRevisions` newer ones exist.
import { isPlainObject, type KubeObject, type RetentionSpec } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Store } from '../store/store.ts';
import type { Cache, KindCache } from './cache.ts';
import { isReason } from './errors.ts';
import type { Writer } from './writer.ts';

export interface RetentionOptions {
  /** How long superseded revisions are kept at least. */
  readonly keepMs: number;
  /** Whatever their age, not more revisions than this. */
  readonly maxRevisions: number;
  /** How long an Event is kept after it was last seen. */
  readonly eventsMs: number;
  /** How often all this is done. */
  readonly everyMs: number;
}

export const toRetentionOptions = ({
  revisions,
  events,
}: RetentionSpec): Omit<RetentionOptions, 'everyMs'> => ({
  keepMs: revisions.keepMinutes * 60_000,
  maxRevisions: revisions.keepCount,
  eventsMs: events.keepHours * 3_600_000,
});

interface Deps {
  readonly cache: Cache;
  readonly writer: Writer;
  readonly store: Pick<Store, 'objects' | 'meta'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: () => Omit<RetentionOptions, 'everyMs'>;
  readonly everyMs: number;
  readonly leads: () => boolean;
}

/** [time in ms, newest revision then], oldest first. */
type Checkpoint = readonly [number, number];

const metaKey = 'retention-checkpoints';
const windowMs = 600_000;
const windowKeep = 1024;
const eventsPerPass = 2000;

const timeOf = (value: unknown): number => (typeof value === 'string' ? Date.parse(value) : Number.NaN);

/** When an event was last seen, in ms. */
export const lastSeenMs = (event: KubeObject): number => {
  const series = isPlainObject(event['series']) ? event['series']['lastObservedTime'] : undefined;
  const times = [series, event['lastTimestamp'], event['eventTime'], event.metadata.creationTimestamp];
  return Math.max(0, ...times.map(timeOf).filter((ms) => !Number.isNaN(ms)));
};

export class Retention {
  readonly #deps: Deps;
  readonly #events: KindCache | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #checkpoints: readonly Checkpoint[];
  #pass: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(deps: Deps, checkpoints: readonly Checkpoint[]) {
    this.#deps = deps;
    this.#checkpoints = checkpoints;
    this.#events = deps.cache.all().find(({ kind }) => kind.kind === 'Event' && kind.group === '');
    this.#timer = setInterval(() => {
      this.#pass = this.#pass.then(() => this.run());
    }, deps.everyMs);
  }

  static async open(deps: Deps): Promise<Retention> {
    const saved: unknown = JSON.parse((await deps.store.meta.get(metaKey)) ?? '[]');
    const isCheckpoint = (entry: unknown): entry is Checkpoint =>
      Array.isArray(entry) && entry.length === 2 && entry.every((n) => Number.isSafeInteger(n));
    return new Retention(deps, Array.isArray(saved) ? saved.filter(isCheckpoint) : []);
  }

  /** One pass; its failures are logged, the next pass tries again. */
  async run(): Promise<void> {
    if (this.#isClosed) return;
    try {
      if (this.#deps.leads()) await this.#expireEvents();
      await this.#compact();
    } catch (err) {
      if (!this.#isClosed) this.#deps.log.warn({ err }, 'cannot remove old history, will try again');
    }
  }

  async #expireEvents(): Promise<void> {
    const events = this.#events;
    if (events === undefined) return;
    const oldest = this.#deps.clock.nowMs() - this.#deps.options().eventsMs;
    const old = events.entries(undefined).filter(({ object }) => lastSeenMs(object) < oldest);
    const remove = async ({ metadata }: KubeObject): Promise<void> => {
      const name = { kind: events.kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
      await this.#deps.writer.delete(name).catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) throw error;
      });
    };
    await Promise.all(old.slice(0, eventsPerPass).map(({ object }) => remove(object)));
  }

  async #compact(): Promise<void> {
    const { cache, clock, store } = this.#deps;
    const options = this.#deps.options();
    const nowMs = clock.nowMs();
    const known = this.#checkpoints;
    const aged = known.filter(([timeMs]) => timeMs <= nowMs - options.keepMs).at(-1)?.[1] ?? 0;
    const target = Math.max(aged, cache.revision - options.maxRevisions);
    this.#trimWindows(nowMs);
    this.#checkpoints = [...known.filter(([, revision]) => revision > target), [nowMs, cache.revision]];
    if (!this.#deps.leads()) return;
    await store.meta.set(metaKey, JSON.stringify(this.#checkpoints));
    if (target > 0) await store.objects.compact(target);
  }

  #trimWindows(nowMs: number): void {
    const then = this.#checkpoints.filter(([timeMs]) => timeMs <= nowMs - windowMs).at(-1)?.[1];
    if (then === undefined) return;
    for (const cache of this.#deps.cache.all()) cache.window.trim(then, windowKeep);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#pass;
  }
}
