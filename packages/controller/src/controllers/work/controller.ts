// Owns the loop over all CommandRuns and FileTransfers: who is looked at when.
// I1: one step at a time per object; what happens meanwhile leads to one more.
// I2: progress is written at most ten times a second per object, and its end at once.
// I3: an object that has ended is not remembered.
import { type Kind, type KubeObject, nodeKind } from '@drover/api';
import type { Engine } from '../../engine/engine.ts';
import { type Backoff, createBackoff } from '../../platform/backoff.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { type Item, type ReconcileDeps, Reconciler, type Step, type WorkAudit } from './reconcile.ts';
import { isFinalPhase, toWork, workKinds } from './work.ts';

const progressEveryMs = 100;
const longestTimerMs = 2 ** 31 - 1;

export interface WorkControllerDeps {
  readonly resources: Resources;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: WorkAudit;
  readonly askOf?: ReconcileDeps['askOf'];
}

export interface WorkController {
  /** Stops looking; what is going on goes on and is taken up at the next start. */
  close(): Promise<void>;
}

interface Entry {
  readonly item: Item;
  readonly backoff: Backoff;
  busy: boolean;
  again: boolean;
  timer: NodeJS.Timeout | undefined;
  /** What it waits for is over by then. */
  alarm: NodeJS.Timeout | undefined;
  /** Progress is not written before this. */
  notBeforeMs: number;
}

class WorkLoops implements WorkController {
  readonly #deps: WorkControllerDeps;
  readonly #reconciler: Reconciler;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  readonly #following: readonly Promise<void>[];
  readonly #running = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  constructor(deps: WorkControllerDeps) {
    this.#deps = deps;
    this.#reconciler = new Reconciler(deps);
    this.#unsubscribe = deps.engine.onProgress((work) => this.#progressed(work));
    const follow = { ...deps, signal: this.#stop.signal };
    this.#following = [
      ...workKinds.map((kind) => followKind(follow, kind, ({ object }) => this.#seen(kind, object))),
      followKind(follow, nodeKind, ({ type, object }) => {
        if (type === 'DELETED') this.#nodeRemoved(object.metadata.name ?? '');
      }),
    ];
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    for (const { timer, alarm } of this.#entries.values())
      for (const one of [timer, alarm]) clearTimeout(one);
    await Promise.all([...this.#following, ...this.#running]);
  }

  #seen(kind: Kind, object: KubeObject): void {
    const { uid, name, namespace, deletionTimestamp } = object.metadata;
    if (uid === undefined || name === undefined) return;
    const isOver = isFinalPhase(toWork(object).status) && deletionTimestamp === undefined;
    // I3: nothing is kept for what had ended before we saw it.
    if (isOver && !this.#entries.has(uid)) return;
    const entry = this.#entries.get(uid) ?? this.#enter({ kind, uid, name, namespace: namespace ?? '' });
    this.#look(entry);
  }

  #enter(ref: Pick<Item, 'kind' | 'uid' | 'name' | 'namespace'>): Entry {
    const entry: Entry = {
      item: { ...ref, generation: 0, cancelled: false },
      backoff: createBackoff({ baseMs: 200, maxMs: 30_000 }),
      busy: false,
      again: false,
      timer: undefined,
      alarm: undefined,
      notBeforeMs: 0,
    };
    this.#entries.set(ref.uid, entry);
    return entry;
  }

  /** I2. */
  #progressed(work: string): void {
    const entry = this.#entries.get(work);
    if (!entry) return;
    const waitMs = Math.min(progressEveryMs, entry.notBeforeMs - this.#deps.clock.nowMs());
    if (waitMs <= 0 || this.#deps.engine.isDone(work)) this.#look(entry);
    else this.#later(entry, waitMs);
  }

  #nodeRemoved(node: string): void {
    this.#deps.engine.removeNode(node).catch((error: unknown) => {
      this.#deps.log.error({ node, err: error }, 'cannot end the tasks of a removed node');
    });
  }

  #later(entry: Entry, delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    entry.timer ??= setTimeout(() => {
      entry.timer = undefined;
      this.#look(entry);
    }, delayMs);
  }

  /** I1. */
  #look(entry: Entry): void {
    if (this.#stop.signal.aborted) return;
    if (entry.busy) {
      entry.again = true;
      return;
    }
    entry.busy = true;
    const steps = this.#steps(entry).finally(() => this.#running.delete(steps));
    this.#running.add(steps);
  }

  async #steps(entry: Entry): Promise<void> {
    const { item } = entry;
    try {
      do {
        entry.again = false;
        const step = await this.#step(entry);
        if (step === 'ended' && !entry.again) {
          this.#leave(entry);
          return;
        }
        this.#setAlarm(entry, step);
      } while (entry.again && !this.#stop.signal.aborted);
      entry.backoff.reset();
    } catch (error) {
      // Whoever leads now carries on.
      if (this.#stop.signal.aborted) return;
      const delayMs = entry.backoff.nextMs();
      this.#deps.log.error(
        { run: item.name, namespace: item.namespace, err: error, delayMs },
        'cannot carry on with the work: trying again',
      );
      this.#later(entry, delayMs);
    } finally {
      // In the same turn as the look at `again`, so that no call of #look falls between.
      entry.busy = false;
    }
  }

  /** I2. */
  async #step(entry: Entry): Promise<Step> {
    const nowMs = this.#deps.clock.nowMs();
    const isDue = nowMs >= entry.notBeforeMs || this.#deps.engine.isDone(entry.item.uid);
    if (isDue) entry.notBeforeMs = nowMs + progressEveryMs;
    else this.#later(entry, entry.notBeforeMs - nowMs);
    return this.#reconciler.step(entry.item, isDue);
  }

  #setAlarm(entry: Entry, step: Step): void {
    clearTimeout(entry.alarm);
    if (typeof step === 'string' || this.#stop.signal.aborted) return;
    const delayMs = Math.max(1, step.untilMs - this.#deps.clock.nowMs());
    entry.alarm = setTimeout(() => this.#look(entry), Math.min(delayMs, longestTimerMs));
  }

  #leave(entry: Entry): void {
    clearTimeout(entry.timer);
    clearTimeout(entry.alarm);
    this.#entries.delete(entry.item.uid);
  }
}

/** Follows all work until closed; what was going on before a restart is taken up again. */
export const runWorkController = (deps: WorkControllerDeps): WorkController => new WorkLoops(deps);
