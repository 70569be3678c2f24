// Owns load on the API: many clients that each wait for their answer before they ask again.
import type { AdminContext } from '../../test/harness/controller.ts';
import { RawConnection } from './raw-http.ts';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The value below which `share` of the sorted values lie. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const toResult = (times: number[], wallMs: number): LoadResult => {
  times.sort((a, b) => a - b);
  return {
    perSecond: (times.length * 1000) / wallMs,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
};

/** `clients` connections at work on numbers 0 to `count` - 1, each number once. */
export const runLoad = async (
  context: AdminContext,
  clients: number,
  count: number,
  signal: AbortSignal,
  each: (connection: RawConnection, number: number) => Promise<unknown>,
): Promise<LoadResult> => {
  const connections = await Promise.all(Array.from({ length: clients }, () => RawConnection.open(context)));
  const times: number[] = [];
  let next = 0;
  const startMs = performance.now();
  const work = async (connection: RawConnection): Promise<void> => {
    while (next < count) {
      signal.throwIfAborted();
      const number = next++;
      const askedMs = performance.now();
      await each(connection, number);
      times.push(performance.now() - askedMs);
    }
  };
  try {
    await Promise.all(connections.map(work));
    return toResult(times, performance.now() - startMs);
  } finally {
    for (const connection of connections) connection.close();
  }
};
