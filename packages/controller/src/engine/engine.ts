// Owns the work in hand: submits it as task rows, and keeps one loop per piece of work until it is forgotten.
// I1: submitting is idempotent: task ids follow from the work's uid and the index, and once there are rows they
//     are the record; the node list of a later submission is not looked at.
// I2: nothing lives only here: after a restart the same submissions bring back the same state.
import { ApiError, type Counts, isFinal, type Offline, type Strategy } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Fence } from '../platform/fence.ts';
import type { Log } from '../platform/log.ts';
import type { NewTask, Store, TaskRow, TaskSpec, Unsubscribe } from '../store/store.ts';
import { planRelease } from './plan.ts';
import { Nodes } from './presence.ts';
import { toTaskId, toWaitingRow } from './rows.ts';
import { WorkLoop } from './work-loop.ts';

export interface WorkOrder {
  /** uid of the CommandRun or FileTransfer. */
  readonly work: string;
  readonly spec: TaskSpec;
  readonly nodes: readonly string[];
  /** Nodes whose task ends as never-started at once, and why. */
  readonly refused: ReadonlyMap<string, string>;
  readonly strategy: Strategy;
  readonly offline: Offline;
  readonly timeoutMs: number;
  /** Cancelled before it began: every task is recorded and ends as cancelled. */
  readonly cancelled: boolean;
}

export interface Progress {
  readonly counts: Counts;
  /** Tasks that are not final. */
  readonly live: number;
  readonly phase: 'Running' | 'Paused' | 'Done';
  readonly currentBatch: number;
  /** Why it pauses or was stopped, for people; else ''. */
  readonly message: string;
  /** Of a transfer, by what has ended. */
  readonly movedBytes: number;
  /** Nodes that live tasks wait for because they are not connected. */
  readonly absent: readonly string[];
}

export interface Engine {
  /** Takes the work in hand; resolves when its tasks are durable. A second call does nothing. */
  submit(order: WorkOrder): Promise<void>;
  has(work: string): boolean;
  /** In hand, and every task is final. */
  isDone(work: string): boolean;
  progress(work: string): Progress | undefined;
  /** 'not connected since 12:04 UTC' or 'never connected'. */
  absence(node: string): string;
  setStrategy(work: string, strategy: Strategy): void;
  /** What is not started ends as cancelled at once; the rest when its agent says so. */
  cancel(work: string): Promise<void>;
  /** Ends what the node still had to do, in all work in hand. */
  removeNode(node: string): Promise<void>;
  /** The nodes of the work, in order; undefined when it has no tasks. */
  nodesOf(work: string): Promise<readonly string[] | undefined>;
  /** Nodes of any work whose task has ended otherwise than with exit code 0, in order. */
  unsuccessful(work: string): Promise<readonly string[]>;
  /** Lets go of finished work; its rows stay. */
  forget(work: string): void;
  /** Removes the work's rows and output. */
  remove(work: string): Promise<void>;
  /** Told the work's uid whenever its progress has changed; may be often. */
  onProgress(listener: (work: string) => void): Unsubscribe;
  /** From now on nothing is taken in hand. */
  close(): void;
}

export interface EngineDeps {
  readonly store: Pick<Store, 'tasks' | 'agents'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether tasks may start, besides the strategy; absent: nothing keeps them. */
  readonly fence?: Fence<TaskSpec> | undefined;
}

class WorkEngine implements Engine {
  readonly #deps: EngineDeps;
  readonly #loops = new Map<string, WorkLoop>();
  readonly #listeners = new Set<(work: string) => void>();
  readonly #nodes: Nodes;
  readonly #unsubscribe: readonly Unsubscribe[];
  #isClosed = false;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#nodes = new Nodes(deps.store.agents, (node) => {
      for (const loop of this.#loops.values()) loop.nodeChanged(node);
    });
    // Whoever awaits `ready` hears of a failure; nobody may be waiting yet.
    this.#nodes.ready.catch(() => undefined);
    this.#unsubscribe = [
      deps.store.tasks.onChange((rows) => this.#taken(rows)),
      deps.fence?.onChange(() => this.#passAll()) ?? (() => undefined),
    ];
  }

  async submit(order: WorkOrder): Promise<void> {
    if (this.#loops.has(order.work)) return;
    this.#checkOpen();
    const { store, clock, log, fence } = this.#deps;
    const loop = new WorkLoop(
      { tasks: store.tasks, nodes: this.#nodes, clock, log, fence, onProgress: (work) => this.#tell(work) },
      order,
    );
    this.#loops.set(order.work, loop);
    try {
      await this.#nodes.ready;
      const rows = await store.tasks.list({ work: order.work });
      this.#checkOpen();
      await (rows.length > 0 ? this.#resume(loop, order, rows) : this.#begin(loop, order));
    } catch (error) {
      this.forget(order.work);
      throw error;
    }
    loop.pass();
    this.#tell(order.work);
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new ApiError(
      'ServiceUnavailable',
      'cannot take work in hand: this controller does not do so any more',
    );
  }

  has(work: string): boolean {
    return this.#loops.has(work);
  }

  isDone(work: string): boolean {
    return this.#loops.get(work)?.ledger?.live === 0;
  }

  progress(work: string): Progress | undefined {
    const loop = this.#loops.get(work);
    const ledger = loop?.ledger;
    if (!loop || !ledger) return undefined;
    const decision = planRelease(loop.standing(ledger, this.#deps.clock.nowMs()));
    const { phase, currentBatch, message } = decision;
    return {
      counts: ledger.counts(),
      live: ledger.live,
      movedBytes: ledger.movedBytes,
      phase,
      currentBatch,
      message,
      absent: loop.waits.absent(),
    };
  }

  absence(node: string): string {
    return this.#nodes.absence(node, this.#deps.clock.nowMs());
  }

  setStrategy(work: string, strategy: Strategy): void {
    this.#loops.get(work)?.setStrategy(strategy);
  }

  async cancel(work: string): Promise<void> {
    await this.#loops.get(work)?.cancel();
  }

  async removeNode(node: string): Promise<void> {
    await Promise.all([...this.#loops.values()].map((loop) => loop.removeNode(node)));
  }

  async nodesOf(work: string): Promise<readonly string[] | undefined> {
    const rows = await this.#deps.store.tasks.list({ work });
    return rows.length === 0 ? undefined : rows.map((row) => row.node);
  }

  async unsuccessful(work: string): Promise<readonly string[]> {
    const rows = await this.#deps.store.tasks.list({ work });
    return rows.filter(isUnsuccessful).map((row) => row.node);
  }

  forget(work: string): void {
    this.#loops.get(work)?.close();
    this.#loops.delete(work);
  }

  async remove(work: string): Promise<void> {
    this.forget(work);
    await this.#deps.store.tasks.remove(work);
  }

  onProgress(listener: (work: string) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#nodes.close();
    for (const loop of this.#loops.values()) loop.close();
    this.#loops.clear();
  }

  /**
   * Work without limits is inserted as released, in one commit. If some tasks are to end at once, or the fence has a
   * word to say, all are inserted as waiting first, so that the gateway never sees those.
   */
  async #begin(loop: WorkLoop, order: WorkOrder): Promise<void> {
    const { tasks } = this.#deps.store;
    const nowMs = this.#deps.clock.nowMs();
    const all = newTasks(order, nowMs);
    const ledger = loop.load(all.map((task) => toWaitingRow(order.work, task)));
    const standing = loop.standing(ledger, nowMs);
    const isHeeded = order.refused.size > 0 || order.cancelled || standing.leave !== undefined;
    const isPlain = !isHeeded && order.offline.policy === 'Queue';
    const release = isPlain ? planRelease(standing).release : [];
    for (const index of release) ledger.released(index);
    const released = new Set(release);
    await tasks.insert(
      order.work,
      order.spec,
      all.map((task) => ({ ...task, state: released.has(task.index) ? 'queued' : 'waiting' })),
    );
    await this.#endAtOnce(loop, order);
    if (order.offline.policy === 'Skip') await loop.waits.sweep(0);
  }

  async #resume(loop: WorkLoop, order: WorkOrder, rows: readonly TaskRow[]): Promise<void> {
    loop.load(rows);
    await this.#endAtOnce(loop, order);
    for (const node of order.refused.keys()) await loop.removeNode(node);
  }

  async #endAtOnce(loop: WorkLoop, order: WorkOrder): Promise<void> {
    const ledger = loop.ledger;
    if (!ledger) return;
    const indexes = new Map<string, number[]>();
    for (const [node, reason] of order.refused) {
      const index = ledger.indexOf(node);
      if (index === undefined || !ledger.isUnsent(index)) continue;
      indexes.set(reason, [...(indexes.get(reason) ?? []), index]);
    }
    for (const [reason, refused] of indexes) await loop.end(refused, 'never-started', reason);
    if (order.cancelled) await loop.cancel();
  }

  #taken(rows: readonly TaskRow[]): void {
    const changed = new Map<string, WorkLoop>();
    for (const row of rows) {
      const loop = this.#loops.get(row.work);
      if (loop?.apply(row)) changed.set(row.work, loop);
    }
    for (const [work, loop] of changed) {
      loop.pass();
      this.#tell(work);
    }
  }

  #passAll(): void {
    for (const loop of this.#loops.values()) loop.pass();
  }

  #tell(work: string): void {
    for (const listener of this.#listeners) listener(work);
  }
}

const isUnsuccessful = (row: TaskRow): boolean =>
  isFinal(row.state) && !(row.state === 'exited' && row.result?.exitCode === 0);

const newTasks = (order: WorkOrder, nowMs: number): readonly Omit<NewTask, 'state'>[] =>
  order.nodes.map((node, index) => ({
    id: toTaskId(order.work, index),
    node,
    index,
    timeoutMs: order.timeoutMs,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + order.offline.expireSeconds * 1000,
  }));

/** The engine; it reads who is connected at once and follows the store until closed. */
export const createEngine = (deps: EngineDeps): Engine => new WorkEngine(deps);
