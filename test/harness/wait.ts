// Owns waiting in tests and benches: for a condition, with a deadline, never for a time.
import { setTimeout as delay } from 'node:timers/promises';

const pauseMs = 20;
/** A look that takes longer starts a program, and takes from others what it waits for: it is taken half of the time. */
const costlyMs = 200;
const longestPauseMs = 500;

/** Resolves with the first value that is neither undefined nor false; errors count as "not yet". */
export const waitFor = async <T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    const began = performance.now();
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(
        `waited ${timeoutMs / 1000} s for ${what}`,
        last === undefined ? undefined : { cause: last },
      );
    const tookMs = performance.now() - began;
    await delay(tookMs < costlyMs ? pauseMs : Math.min(tookMs, longestPauseMs));
  }
};
