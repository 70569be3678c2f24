// Owns following one kind for as long as the controller runs: a watch that ends or fails is begun again.
import type { Kind } from '@drover/api';
import { createBackoff } from '../../platform/backoff.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources, WatchEvent } from '../../resources/resources.ts';

/** Resolves after `ms`, or when the signal says stop. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

/**
 * Calls `onEvent` for every object of the kind and every change of it, until the signal. Resolves then.
 * After a break all objects are told again as ADDED; a deletion in between is not told.
 */
export const followKind = async (
  deps: { readonly resources: Resources; readonly log: Log; readonly signal: AbortSignal },
  kind: Kind,
  onEvent: (event: WatchEvent) => void,
): Promise<void> => {
  const { resources, log, signal } = deps;
  const backoff = createBackoff({ baseMs: 100, maxMs: 10_000 });
  while (!signal.aborted) {
    try {
      for await (const event of resources.watch(kind, { signal })) {
        backoff.reset();
        onEvent(event);
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ kind: kind.kind, err: error }, 'cannot follow: beginning again');
    }
    if (!signal.aborted) await pause(backoff.nextMs(), signal);
  }
};
