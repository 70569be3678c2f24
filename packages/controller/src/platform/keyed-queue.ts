// Owns who is looked at when: keys that wait for a step, each worked on by one step at a time.
// I1: a key that is added while its step runs is worked on once more afterwards; adding it often costs nothing.
// I2: at most `width` steps run at once; none begins within the call that asks for it.
// I3: a step that fails is tried again, later and later, until it succeeds or the queue closes.
import { type Backoff, createBackoff } from './backoff.ts';
import type { Log } from './log.ts';

export interface KeyedQueue {
  /** Asks for a step of this key, after a delay. An earlier time that was asked for stays. */
  add(key: string, delayMs?: number): void;
  /** Starts nothing more; resolves when the steps under way have ended. */
  close(): Promise<void>;
}

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly atMs: number;
}

class Queue implements KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #ready = new Set<string>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #backoffs = new Map<string, Backoff>();
  #isScheduled = false;
  #closed = false;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
  }

  add(key: string, delayMs = 0): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.#ready.add(key);
      this.#schedule();
      return;
    }
    const atMs = performance.now() + delayMs;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.atMs <= atMs) return;
    clearTimeout(waiting?.timer);
    const timer = setTimeout(() => {
      this.#waiting.delete(key);
      this.add(key);
    }, delayMs);
    this.#waiting.set(key, { timer, atMs });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#ready.clear();
    await Promise.all(this.#busy.values());
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const key of this.#ready) {
      if (this.#busy.size >= this.#options.width) return;
      if (this.#busy.has(key)) continue;
      this.#ready.delete(key);
      const step = this.#run(key).finally(() => {
        this.#busy.delete(key);
        if (this.#ready.size > 0) this.#schedule();
      });
      this.#busy.set(key, step);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.step(key);
      this.#backoffs.delete(key);
    } catch (error) {
      const backoff = this.#backoffs.get(key) ?? createBackoff({ baseMs: 200, maxMs: 30_000 });
      this.#backoffs.set(key, backoff);
      const delayMs = backoff.nextMs();
      this.#options.log.error({ key, err: error, delayMs }, this.#options.onError);
      this.add(key, delayMs);
    }
  }
}

export interface KeyedQueueOptions {
  readonly step: (key: string) => Promise<void>;
  readonly width: number;
  readonly log: Log;
  /** The log line for a step that fails. */
  readonly onError: string;
}

export const createKeyedQueue = (options: KeyedQueueOptions): KeyedQueue => new Queue(options);
