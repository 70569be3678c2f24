// Owns following one kind for as long as the controller runs: a watch that ends or fails is begun again.
import type { Kind } from '@drover/api';
import { createBackoff } from '../platform/backoff.ts';
import type { Log } from '../platform/log.ts';
import { pause } from '../platform/pause.ts';
import type { Resources, WatchEvent } from './resources.ts';

/**
 * Tells every object of the kind and every change of it, one at a time, until the signal. Resolves then. After a break,
 * or when a listener throws, all objects are told again as ADDED; a deletion in between is not told. `onStart` is
 * called before the objects are told, the first time and again.
 */
export const followKind = async (
  deps: { readonly resources: Pick<Resources, 'watch'>; readonly log: Log; readonly signal: AbortSignal },
  kind: Kind,
  onEvent: (event: WatchEvent) => Promise<void> | void,
  onStart?: () => Promise<void>,
): Promise<void> => {
  const { resources, log, signal } = deps;
  const backoff = createBackoff({ baseMs: 100, maxMs: 10_000 });
  while (!signal.aborted) {
    try {
      await onStart?.();
      for await (const event of resources.watch(kind, { signal })) {
        await onEvent(event);
        backoff.reset();
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ kind: kind.kind, err }, 'cannot follow what changes: beginning again');
    }
    if (!signal.aborted) await pause(backoff.nextMs(), signal);
  }
};
