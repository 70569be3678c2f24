// Owns going on after a cut: a stream that knows where it stands is asked for again from there.
// I1: a cut, or an answer that the controller is not available, is met by asking again; any other refusal is thrown.
// I2: after `giveUpMs` without anything new the last fault is thrown.
import { ApiError } from '@drover/api/errors';

export interface ResumeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 120,000 ms. */
  readonly giveUpMs?: number | undefined;
}

const firstWaitMs = 100;
const maxWaitMs = 5_000;

const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && (error.reason === 'ServiceUnavailable' || error.reason === 'Timeout');

/** Rejects with the signal's reason when aborted. */
export const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
  });

/**
 * Yields what `ask` yields, and asks again after a cut. `ask` must continue from what it has yielded so far.
 * Throws the signal's reason when aborted.
 */
export async function* resumed<T>(
  ask: () => AsyncIterable<T>,
  { signal, giveUpMs = 120_000 }: ResumeOptions = {},
): AsyncGenerator<T> {
  let waitedMs = 0;
  let waitMs = firstWaitMs;
  for (;;) {
    try {
      for await (const item of ask()) {
        waitedMs = 0;
        waitMs = firstWaitMs;
        yield item;
      }
      return;
    } catch (error) {
      if (signal?.aborted === true || !isPassing(error) || waitedMs >= giveUpMs) throw error;
    }
    // Half of the wait is chance, so that many clients do not come back in one moment.
    await sleep(waitMs / 2 + (Math.random() * waitMs) / 2, signal);
    waitedMs += waitMs;
    waitMs = Math.min(waitMs * 2, maxWaitMs);
  }
}
