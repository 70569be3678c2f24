// Owns the running sha256 of each stream of each task that is at work, so that folding costs nothing at the end.
// I1: an entry that is missing is not wrong: whoever needs it rebuilds it from the rows.
import { createHash, type Hash } from 'node:crypto';

export interface StreamDigest {
  /** Where the stored part of the stream ends. */
  end: number;
  /** undefined: not known since the process started; hash the rows instead. */
  hash: Hash | undefined;
}

export interface TaskDigest {
  readonly seq: number;
  readonly workSeq: number;
  readonly work: string;
  /** Bytes of each stream that may be stored. */
  readonly capBytes: number;
  readonly isFinal: boolean;
  /** Index 0 is stdout (stream 1), 1 is stderr. */
  readonly streams: readonly [StreamDigest, StreamDigest];
}

/** Entries are dropped beyond this, the longest idle first. */
const limit = 20_000;

export const newHash = (): Hash => createHash('sha256');

export class Digests {
  readonly #tasks = new Map<string, TaskDigest>();

  get(id: string): TaskDigest | undefined {
    return this.#tasks.get(id);
  }

  set(id: string, digest: TaskDigest): void {
    this.#tasks.delete(id);
    this.#tasks.set(id, digest);
    const oldest = this.#tasks.keys().next();
    if (this.#tasks.size > limit && !oldest.done) this.#tasks.delete(oldest.value);
  }

  delete(id: string): void {
    this.#tasks.delete(id);
  }

  clear(): void {
    this.#tasks.clear();
  }
}
