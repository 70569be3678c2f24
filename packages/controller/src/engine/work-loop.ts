// Owns the loop of one piece of work: take in what happened, decide, write. One pass at a time; what happens
// meanwhile leads to one more pass.
// I1: memory is only a digest of rows: after a failed write it is rebuilt from the store and the pass repeated.
// I2: ends written here name the states they may end, so that a task just handed to an agent is left alone.
import type { FinalTaskState, Offline, Strategy, TaskState } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Fence } from '../platform/fence.ts';
import type { Log } from '../platform/log.ts';
import type { TaskRow, TaskSpec, TaskStore } from '../store/store.ts';
import { WorkGate } from './gate.ts';
import { Ledger } from './ledger.ts';
import { type Decision, planRelease, type Standing } from './plan.ts';
import type { Nodes } from './presence.ts';
import { toEnd, toTaskId } from './rows.ts';
import { Waits } from './waits.ts';

const unsent: readonly TaskState[] = ['waiting', 'queued'];
const handedOver: readonly TaskState[] = ['sent', 'running'];
const retryMs = 1000;
const longestTimerMs = 2 ** 31 - 1;

export interface WorkDeps {
  readonly tasks: TaskStore;
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after every change of a task's state. */
  readonly onProgress: (work: string) => void;
  readonly fence?: Fence<TaskSpec> | undefined;
}

export interface WorkWish {
  readonly work: string;
  readonly spec: TaskSpec;
  readonly strategy: Strategy;
  readonly offline: Offline;
  readonly cancelled: boolean;
}

export class WorkLoop {
  readonly waits: Waits;
  readonly #deps: WorkDeps;
  readonly #work: string;
  readonly #expireSeconds: number;
  readonly #gate: WorkGate | undefined;
  #strategy: Strategy;
  #cancelled: boolean;
  #ledger: Ledger | undefined;
  /** Changes that arrive while the rows are being read. */
  #missed: TaskRow[] = [];
  #decision: Decision | undefined;
  #busy = false;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off; 0: it has, or never was set. */
  #armedForMs = 0;

  constructor(deps: WorkDeps, wish: WorkWish) {
    this.#deps = deps;
    this.#work = wish.work;
    this.#strategy = wish.strategy;
    this.#cancelled = wish.cancelled;
    this.#expireSeconds = wish.offline.expireSeconds;
    this.#gate = deps.fence && new WorkGate(deps.fence, wish.spec);
    this.waits = new Waits(
      { ...deps, onError: (error) => this.#failed(error), onChange: () => deps.onProgress(wish.work) },
      wish.offline,
    );
  }

  get ledger(): Ledger | undefined {
    return this.#ledger;
  }

  get decision(): Decision | undefined {
    return this.#decision;
  }

  /** Begins with, or begins again from, the rows of the store. */
  load(rows: readonly TaskRow[]): Ledger {
    const nowMs = this.#deps.clock.nowMs();
    const ledger = new Ledger(this.#work, rows, this.#strategy, nowMs);
    for (const [index, node] of ledger.nodes.entries()) {
      ledger.setConnected(index, this.#deps.nodes.isConnected(node));
    }
    for (const row of this.#missed) ledger.apply(row, nowMs);
    this.#missed = [];
    this.#ledger = ledger;
    this.waits.load(ledger, rows);
    return ledger;
  }

  /** How the work stands, with what the fence says of it now. */
  standing(ledger: Ledger, nowMs: number): Standing {
    const leave = this.#gate?.at(nowMs);
    const standing = ledger.standing(nowMs);
    return leave === undefined
      ? standing
      : { ...standing, leave: (index) => leave(ledger.nodes[index] ?? '') };
  }

  /** A row of this work has changed; returns whether its state is news. `pass` is to follow. */
  apply(row: TaskRow): boolean {
    if (this.#ledger) return this.#ledger.apply(row, this.#deps.clock.nowMs());
    this.#missed.push(row);
    return false;
  }

  nodeChanged(node: string): void {
    const ledger = this.#ledger;
    const index = ledger?.indexOf(node);
    if (!ledger || index === undefined || !ledger.isLive(index)) return;
    if (!ledger.setConnected(index, this.#deps.nodes.isConnected(node))) return;
    this.waits.schedule();
    this.pass();
  }

  setStrategy(strategy: Strategy): void {
    this.#strategy = strategy;
    this.#ledger?.setStrategy(strategy);
    this.pass();
  }

  async cancel(): Promise<void> {
    this.#cancelled = true;
    await this.#deps.tasks.requestCancel(this.#work, this.#deps.clock.nowMs());
  }

  /** Ends the live task of a node that left the fleet: no agent will report it. */
  async removeNode(node: string): Promise<void> {
    const index = this.#ledger?.indexOf(node);
    if (index === undefined || !this.#ledger?.isLive(index)) return;
    const reason = 'the node was removed from the fleet';
    await this.end([index], 'never-started', reason, unsent);
    await this.end([index], 'lost', reason, handedOver);
  }

  async end(
    indexes: readonly number[],
    state: FinalTaskState,
    reason: string,
    onlyFrom: readonly TaskState[] = unsent,
  ): Promise<void> {
    if (indexes.length === 0) return;
    const nowMs = this.#deps.clock.nowMs();
    const ends = indexes.map((index) => toEnd(toTaskId(this.#work, index), state, reason, nowMs));
    await this.#deps.tasks.finish(ends, onlyFrom);
  }

  /** Decides and acts, soon; any number of calls while a pass is under way make one more. */
  pass(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#passes().catch((error) => this.#failed(error));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.waits.close();
  }

  async #passes(): Promise<void> {
    try {
      do {
        this.#again = false;
        if (this.#closed || !this.#ledger) return;
        await this.#onePass(this.#ledger);
      } while (this.#again);
    } finally {
      // In the same turn as the look at #again, so that no call of pass() falls between.
      this.#busy = false;
    }
  }

  async #onePass(ledger: Ledger): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    if (ledger.unsent > 0 && nowMs >= ledger.expiresAtMs) return this.#expire(ledger);
    const decision = planRelease(this.standing(ledger, nowMs));
    const isNews = decision.phase !== this.#decision?.phase || decision.message !== this.#decision.message;
    this.#decision = decision;
    this.#arm(ledger, decision, nowMs);
    if (isNews) this.#deps.onProgress(this.#work);
    if (this.#cancelled) return;
    if (decision.stop !== undefined) return this.end(this.#unsent(ledger), 'never-started', decision.stop);
    await this.#refuse(decision);
    if (decision.release.length === 0) return;
    for (const index of decision.release) ledger.released(index);
    await this.#deps.tasks.release(decision.release.map((index) => toTaskId(this.#work, index)));
  }

  async #refuse({ refuse = [] }: Decision): Promise<void> {
    const indexes = Map.groupBy(refuse, ({ why }) => why);
    for (const [why, refused] of indexes)
      await this.end(
        refused.map(({ index }) => index),
        'never-started',
        why,
      );
  }

  async #expire(ledger: Ledger): Promise<void> {
    const reason = `expired: not started within ${this.#expireSeconds} s`;
    const late = this.#unsent(ledger);
    const here = late.filter((index) => ledger.isConnected(index));
    const away = late.filter((index) => !ledger.isConnected(index));
    await this.end(here, 'never-started', reason);
    await this.end(away, 'never-started', `${reason}, the node was not connected`);
  }

  #unsent(ledger: Ledger): readonly number[] {
    return [...ledger.nodes.keys()].filter((index) => ledger.isUnsent(index));
  }

  /** One timer: the end of a pause or the expiry, whichever is first. */
  #arm(ledger: Ledger, decision: Decision, nowMs: number): void {
    const expiry = ledger.unsent > 0 ? ledger.expiresAtMs : Number.POSITIVE_INFINITY;
    const atMs = Math.min(decision.wakeAtMs ?? Number.POSITIVE_INFINITY, expiry);
    if (atMs === this.#armedForMs) return;
    this.#armedForMs = atMs;
    clearTimeout(this.#timer);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#armedForMs = 0;
        this.pass();
      },
      Math.min(Math.max(1, atMs - nowMs), longestTimerMs),
    );
  }

  /** I1. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#deps.log.error({ work: this.#work, err: error }, 'cannot carry on with the work: trying again');
    clearTimeout(this.#timer);
    this.#armedForMs = 0;
    this.#timer = setTimeout(() => {
      this.#reload().catch((again) => this.#failed(again));
    }, retryMs);
  }

  async #reload(): Promise<void> {
    this.#ledger = undefined;
    if (this.#cancelled) await this.cancel();
    this.load(await this.#deps.tasks.list({ work: this.#work }));
    this.pass();
  }
}
