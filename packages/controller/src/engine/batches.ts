// Owns which batch is open: how many tasks of each batch are not final yet, kept in constant time per end.

import type { IntOrPercent } from '@drover/api';
import { batchEnds, type OpenBatch } from './plan.ts';

export class Batches {
  readonly #ends: readonly number[];
  /** Tasks not final, per batch. */
  readonly #open: Uint32Array;
  /** Batch of each task. */
  readonly #of: Uint32Array;
  /** When the last task of each batch ended, as far as it has. */
  readonly #endedMs: Float64Array;
  #current = 0;
  #previousEndedMs = 0;

  constructor(sizes: readonly IntOrPercent[], total: number) {
    this.#ends = batchEnds(sizes, total);
    this.#open = new Uint32Array(this.#ends.length);
    this.#endedMs = new Float64Array(this.#ends.length);
    this.#of = new Uint32Array(total);
    let start = 0;
    for (const [batch, end] of this.#ends.entries()) {
      this.#of.fill(batch, start, end);
      this.#open[batch] = end - start;
      start = end;
    }
  }

  get count(): number {
    return this.#ends.length;
  }

  /** The task at `index` is final since `endedMs`. To be told once per task. */
  ended(index: number, endedMs: number): void {
    const batch = this.#of[index] ?? 0;
    this.#open[batch] = (this.#open[batch] ?? 1) - 1;
    this.#endedMs[batch] = Math.max(this.#endedMs[batch] ?? 0, endedMs);
    while (this.#current < this.#ends.length && this.#open[this.#current] === 0) {
      this.#previousEndedMs = Math.max(this.#previousEndedMs, this.#endedMs[this.#current] ?? 0);
      this.#current++;
    }
  }

  /** The first batch that is not finished; undefined when all are. */
  open(): OpenBatch | undefined {
    const end = this.#ends[this.#current];
    if (end === undefined) return undefined;
    const start = this.#ends[this.#current - 1] ?? 0;
    return { number: this.#current, start, end, previousEndedMs: this.#previousEndedMs };
  }
}
