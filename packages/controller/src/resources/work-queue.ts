// Owns work that is done per item, again when it failed, and never twice at a time for one item.
// I1: an item added while it is being worked on is worked on once more afterwards.
import type { Backoff } from '../platform/backoff.ts';

export interface WorkQueueOptions<T> {
  readonly run: (item: T) => Promise<void>;
  readonly id: (item: T) => string;
  /** How many at a time. */
  readonly width: number;
  readonly backoff: () => Backoff;
  readonly onError: (error: unknown, item: T) => void;
}

export class WorkQueue<T> {
  readonly #options: WorkQueueOptions<T>;
  readonly #waiting = new Map<string, T>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #failed = new Map<
    string,
    { readonly backoff: Backoff; readonly timer: ReturnType<typeof setTimeout> }
  >();
  #isScheduled = false;
  #isClosed = false;

  constructor(options: WorkQueueOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    if (this.#isClosed) return;
    this.#waiting.set(this.#options.id(item), item);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  #start(): void {
    for (const [id, item] of this.#waiting) {
      if (this.#running.size >= this.#options.width || this.#isClosed) return;
      if (this.#running.has(id)) continue;
      this.#waiting.delete(id);
      this.#running.set(id, this.#work(id, item));
    }
  }

  async #work(id: string, item: T): Promise<void> {
    try {
      await this.#options.run(item);
      clearTimeout(this.#failed.get(id)?.timer);
      this.#failed.delete(id);
    } catch (error) {
      if (!this.#isClosed) this.#again(id, item, error);
    } finally {
      this.#running.delete(id);
      if (this.#waiting.size > 0) this.#schedule();
    }
  }

  #again(id: string, item: T, error: unknown): void {
    this.#options.onError(error, item);
    const known = this.#failed.get(id);
    clearTimeout(known?.timer);
    const backoff = known?.backoff ?? this.#options.backoff();
    this.#failed.set(id, { backoff, timer: setTimeout(() => this.add(item), backoff.nextMs()) });
  }

  /** Starts nothing more and waits for what is running. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    for (const { timer } of this.#failed.values()) clearTimeout(timer);
    this.#failed.clear();
    await Promise.all(this.#running.values());
  }
}
