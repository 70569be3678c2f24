// Owns what happens to tasks whose node is not connected: they say so, or, under the policy Skip, they end.
// I1: nothing is said about an absence shorter than a second, so that a reconnecting fleet causes no writes.
// I2: under Skip a node that was here a moment ago (a restart of controller or agent) has `graceMs` to return;
//     one that is away when the work is submitted has none.
import type { Offline } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { TaskRow, TaskStore } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Nodes } from './presence.ts';
import { toEnd, toTaskId } from './rows.ts';

const sweepMs = 1000;
const graceMs = 10_000;

export interface WaitsDeps {
  readonly tasks: TaskStore;
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Told when other nodes are waited for than before. */
  readonly onChange: () => void;
}

export class Waits {
  readonly #deps: WaitsDeps;
  readonly #offline: Offline;
  #ledger: Ledger | undefined;
  /** Indexes of tasks that carry a message. */
  #explained = new Set<number>();
  #absentTold = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: WaitsDeps, offline: Offline) {
    this.#deps = deps;
    this.#offline = offline;
  }

  load(ledger: Ledger, rows: readonly TaskRow[]): void {
    this.#ledger = ledger;
    this.#explained = new Set(rows.filter((row) => row.message !== '').map((row) => row.index));
    this.schedule();
  }

  /** Nodes that live tasks wait for, as far as that has been said. */
  absent(): readonly string[] {
    const ledger = this.#ledger;
    if (!ledger) return [];
    return [...this.#explained]
      .filter((index) => ledger.isLive(index) && !ledger.isConnected(index))
      .map((index) => ledger.nodes[index] ?? '');
  }

  /** Looks at all tasks once, a moment from now. To be called when a node with a live task comes or goes. */
  schedule(): void {
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.sweep(graceMs).catch(this.#deps.onError);
    }, sweepMs);
  }

  /** Under Skip, ends what was not handed over and whose node has been away for `bearMs`; explains the rest. */
  async sweep(bearMs: number): Promise<void> {
    const ledger = this.#ledger;
    if (!ledger || this.#closed) return;
    const nowMs = this.#deps.clock.nowMs();
    const skipped: number[] = [];
    const writes: Promise<unknown>[] = [];
    for (const [index, node] of ledger.nodes.entries()) {
      if (!ledger.isLive(index) || ledger.isConnected(index)) continue;
      const isSkipped = this.#offline.policy === 'Skip' && ledger.isUnsent(index);
      if (isSkipped && this.#deps.nodes.awayMs(node, nowMs) >= bearMs) {
        skipped.push(index);
        continue;
      }
      writes.push(this.#explain(ledger, index, node, nowMs));
      if (isSkipped) this.schedule();
    }
    await Promise.all([...writes, this.#unexplain(ledger), this.#skip(ledger, skipped, nowMs)]);
    const absent = this.absent().join();
    if (absent !== this.#absentTold) this.#deps.onChange();
    this.#absentTold = absent;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #explain(ledger: Ledger, index: number, node: string, nowMs: number): Promise<void> {
    if (this.#explained.has(index)) return;
    this.#explained.add(index);
    const message = `waiting for node ${node}: ${this.#deps.nodes.absence(node, nowMs)}`;
    await this.#deps.tasks.setMessage([toTaskId(ledger.work, index)], message);
  }

  async #unexplain(ledger: Ledger): Promise<void> {
    const back = [...this.#explained].filter((index) => ledger.isConnected(index));
    for (const index of back) this.#explained.delete(index);
    const live = back.filter((index) => ledger.isLive(index));
    if (live.length > 0) {
      await this.#deps.tasks.setMessage(
        live.map((index) => toTaskId(ledger.work, index)),
        '',
      );
    }
  }

  async #skip(ledger: Ledger, indexes: readonly number[], nowMs: number): Promise<void> {
    if (indexes.length === 0) return;
    const ends = indexes.map((index) => {
      const absence = this.#deps.nodes.absence(ledger.nodes[index] ?? '', nowMs);
      return toEnd(toTaskId(ledger.work, index), 'unreachable', absence, nowMs);
    });
    await this.#deps.tasks.finish(ends, ['waiting', 'queued']);
  }
}
