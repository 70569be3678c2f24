// Owns what is to be closed when a process ends, in which order.
import type { Log } from './log.ts';

/** Closed newest first; one that fails does not keep the others from being closed. */
export class Closers {
  readonly #items: (() => unknown)[] = [];
  add<T extends { close(): unknown }>(item: T): T {
    this.#items.push(() => item.close());
    return item;
  }
  async close(log: Log): Promise<void> {
    for (const close of this.#items.reverse())
      await Promise.resolve(close()).catch((error: unknown) =>
        log.error({ err: error }, 'cannot close cleanly'),
      );
  }
}
