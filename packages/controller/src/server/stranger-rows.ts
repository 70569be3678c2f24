// Owns how many rows of the audit trail those can cause who are nobody known: some a minute from one address, and some
// more from all of them together. What is beyond is counted, and told in the next row.
import type { Clock } from '../platform/clock.ts';

const perAddress = 30;
const perMinute = 300;
const windowMs = 60_000;

export interface StrangerRows {
  /** How many were left out before this one, which may be recorded; undefined when it may not. */
  take(address: string): number | undefined;
}

export const createStrangerRows = (clock: Clock): StrangerRows => {
  let startMs = Number.NEGATIVE_INFINITY;
  let total = 0;
  let left = 0;
  const counts = new Map<string, number>();
  return {
    take: (address) => {
      const nowMs = clock.nowMs();
      if (nowMs - startMs >= windowMs) {
        startMs = nowMs;
        total = 0;
        counts.clear();
      }
      const count = counts.get(address) ?? 0;
      if (count >= perAddress || total >= perMinute) {
        left += 1;
        return undefined;
      }
      counts.set(address, count + 1);
      total += 1;
      const before = left;
      left = 0;
      return before;
    },
  };
};
