// Owns the running sha256 of each stream of each task that is at work, so that folding costs nothing at the end.
// I1: an entry that is missing is not wrong: whoever needs it rebuilds it from the rows.
import { createHash, type Hash } from 'node:crypto';

export interface StreamDigest {
  /** Where the stored part of the stream ends. */
  end: number;
  /** undefined: not known since the process started; hash the rows instead. */
  hash: Hash | undefined;
}

export interface WorkDigest {
  readonly seq: number;
  readonly uid: string;
  /** Bytes of each stream of each task that may be stored. */
  readonly capBytes: number;
}

export interface TaskDigest {
  readonly seq: number;
  readonly work: WorkDigest;
  readonly isFinal: boolean;
  /** Index 0 is stdout (stream 1), 1 is stderr. */
  readonly streams: readonly [StreamDigest, StreamDigest];
}

/** Entries are dropped beyond this, the longest idle first. */
const limit = 20_000;
const workLimit = 256;

const dropOldest = <K>(entries: Map<K, unknown>, most: number): void => {
  const oldest = entries.keys().next();
  if (entries.size > most && !oldest.done) entries.delete(oldest.value);
};

export const newHash = (): Hash => createHash('sha256');

export class Digests {
  readonly #tasks = new Map<string, TaskDigest>();
  readonly #works = new Map<number, WorkDigest>();

  work(seq: number): WorkDigest | undefined {
    return this.#works.get(seq);
  }

  setWork(work: WorkDigest): void {
    this.#works.set(work.seq, work);
    dropOldest(this.#works, workLimit);
  }

  get(id: string): TaskDigest | undefined {
    return this.#tasks.get(id);
  }

  set(id: string, digest: TaskDigest): void {
    this.#tasks.delete(id);
    this.#tasks.set(id, digest);
    dropOldest(this.#tasks, limit);
  }

  delete(id: string): void {
    this.#tasks.delete(id);
  }

  clear(): void {
    this.#tasks.clear();
    this.#works.clear();
  }
}
