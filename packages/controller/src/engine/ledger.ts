// Owns what the engine remembers of one piece of work: a digest of its task rows, kept up to date in constant
// time per change, so that 5,000 results cost 5,000 small steps. It can be thrown away and rebuilt from the
// rows at any moment.
// I1: a row older than what is known (by `change`) is ignored.
// I2: tasks only go forward: a final one stays as it is, a released one does not wait again.
import type { Counts, Strategy, TaskState } from '@drover/api';
import type { TaskRow } from '../store/store.ts';
import { Batches } from './batches.ts';
import { type Standing, stopPrefix } from './plan.ts';

/** A task's state as one byte: the live states come first, in order; then 'succeeded' and the failures. */
type Word = Exclude<TaskState, 'exited'> | 'succeeded' | 'failed';
const words: readonly Word[] = [
  'waiting',
  'queued',
  'sent',
  'running',
  'succeeded',
  'failed',
  'signalled',
  'timed-out',
  'cancelled',
  'unreachable',
  'never-started',
  'lost',
];
const codes = new Map<Word, number>(words.map((word, code) => [word, code]));
const code = (word: Word): number => codes.get(word) ?? 0;
const waiting = code('waiting');
const queued = code('queued');
const succeeded = code('succeeded');

const codeOf = (row: Pick<TaskRow, 'state' | 'result'>): number => {
  if (row.state !== 'exited') return code(row.state);
  return row.result?.exitCode === 0 ? succeeded : code('failed');
};

const isStopped = (row: Pick<TaskRow, 'result'>): boolean =>
  row.result?.reason.startsWith(stopPrefix) ?? false;

/** What a transfer has moved: a push sends, a pull takes (docs/protocol.md section 4). Agents say so: nothing is taken on trust. */
const bytesOf = ({ result }: Pick<TaskRow, 'result'>): number => {
  const detail = result?.detail;
  if (typeof detail !== 'object' || detail === null) return 0;
  const { bytesSent, sizeBytes } = detail as Readonly<Record<string, unknown>>;
  const bytes = bytesSent ?? sizeBytes;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
};

export class Ledger {
  readonly work: string;
  /** By index. */
  readonly nodes: readonly string[];
  /** When what has not been started expires; the same for all tasks of a work. 0: there are no tasks. */
  readonly expiresAtMs: number;
  readonly #codes: Uint8Array;
  readonly #connected: Uint8Array;
  readonly #changes: Float64Array;
  readonly #endedMs: Float64Array;
  readonly #counts = new Uint32Array(words.length);
  readonly #indexes: ReadonlyMap<string, number>;
  #stopped = 0;
  #movedBytes = 0;
  #firstWaiting = 0;
  #strategy: Strategy;
  #batches: Batches;

  /** `rows`: all tasks of the work in order of index. `nowMs` bounds ends told by agents whose clock is ahead. */
  constructor(work: string, rows: readonly TaskRow[], strategy: Strategy, nowMs: number) {
    this.work = work;
    this.nodes = rows.map((row) => row.node);
    this.expiresAtMs = rows[0]?.expiresAtMs ?? 0;
    this.#codes = Uint8Array.from(rows, codeOf);
    this.#connected = new Uint8Array(rows.length);
    this.#changes = Float64Array.from(rows, (row) => row.change);
    this.#endedMs = Float64Array.from(rows, (row) => Math.min(row.finishedAtMs, nowMs));
    this.#indexes = new Map(this.nodes.map((node, index) => [node, index]));
    for (const [index, row] of rows.entries()) {
      this.#count(this.#code(index), 1);
      if (isStopped(row)) this.#stopped++;
      this.#movedBytes += bytesOf(row);
    }
    this.#strategy = strategy;
    this.#batches = this.#trackBatches();
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  /** Tasks that are not final. */
  get live(): number {
    return this.#sum(waiting, succeeded);
  }

  /** Tasks that no agent has been given. */
  get unsent(): number {
    return this.#sum(waiting, queued + 1);
  }

  /** By the tasks of a transfer that have ended, of all nodes together. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  indexOf(node: string): number | undefined {
    return this.#indexes.get(node);
  }

  state(index: number): Word {
    return words[this.#code(index)] ?? 'waiting';
  }

  isUnsent(index: number): boolean {
    return this.#code(index) <= queued;
  }

  isLive(index: number): boolean {
    return this.#code(index) < succeeded;
  }

  isConnected(index: number): boolean {
    return this.#connected[index] === 1;
  }

  /** Returns whether that is news. */
  setConnected(index: number, connected: boolean): boolean {
    const before = this.isConnected(index);
    this.#connected[index] = connected ? 1 : 0;
    return before !== connected;
  }

  /** Another wish for batches, width, gates or limits: batches are counted anew. */
  setStrategy(strategy: Strategy): void {
    this.#strategy = strategy;
    this.#batches = this.#trackBatches();
  }

  /** Takes over a changed row (I1, I2). Returns whether its state is news. */
  apply(row: TaskRow, nowMs: number): boolean {
    const index = row.index;
    if (row.change <= (this.#changes[index] ?? 0)) return false;
    this.#changes[index] = row.change;
    if (!this.#move(index, codeOf(row), nowMs)) return false;
    if (isStopped(row)) this.#stopped++;
    this.#movedBytes += bytesOf(row);
    return true;
  }

  /** Notes a release that the store is about to make, so that the next plan counts it. */
  released(index: number): void {
    if (this.#code(index) === waiting) this.#move(index, queued, 0);
  }

  standing(nowMs: number): Standing {
    while (this.#firstWaiting < this.nodes.length && this.#code(this.#firstWaiting) !== waiting) {
      this.#firstWaiting++;
    }
    return {
      strategy: this.#strategy,
      total: this.nodes.length,
      atWork: this.#sum(queued, succeeded),
      failures: this.nodes.length - this.#sum(waiting, succeeded + 1) - this.#stopped,
      batchCount: this.#batches.count,
      batch: this.#batches.open(),
      firstWaiting: this.#firstWaiting,
      isWaiting: (index) => this.#code(index) === waiting,
      isConnected: (index) => this.isConnected(index),
      nowMs,
    };
  }

  counts(): Counts {
    const of = (word: Word) => this.#counts[code(word)] ?? 0;
    return {
      total: this.nodes.length,
      waiting: of('waiting'),
      queued: of('queued') + of('sent'),
      running: of('running'),
      succeeded: of('succeeded'),
      failed: of('failed'),
      signalled: of('signalled'),
      timedOut: of('timed-out'),
      cancelled: of('cancelled'),
      unreachable: of('unreachable'),
      neverStarted: of('never-started'),
      lost: of('lost'),
    };
  }

  #code(index: number): number {
    return this.#codes[index] ?? waiting;
  }

  #count(at: number, by: number): void {
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }

  #sum(from: number, before: number): number {
    let sum = 0;
    for (let at = from; at < before; at++) sum += this.#counts[at] ?? 0;
    return sum;
  }

  #move(index: number, to: number, endedMs: number): boolean {
    const from = this.#code(index);
    if (to === from || from >= succeeded || to === waiting) return false;
    this.#codes[index] = to;
    this.#count(from, -1);
    this.#count(to, 1);
    if (to >= succeeded) {
      this.#endedMs[index] = endedMs;
      this.#batches.ended(index, endedMs);
    }
    return true;
  }

  #trackBatches(): Batches {
    const batches = new Batches(this.#strategy.batches, this.nodes.length);
    for (let index = 0; index < this.nodes.length; index++) {
      if (!this.isLive(index)) batches.ended(index, this.#endedMs[index] ?? 0);
    }
    return batches;
  }
}
