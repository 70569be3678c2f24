// Owns the removal of work that has been finished for long; how long, the RetentionPolicy says.
import type { Clock } from '../../platform/clock.ts';
import type { Resources } from '../../resources/resources.ts';
import { isFinalPhase, toWork, workKinds } from './work.ts';

export interface RetentionDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly retentionMs: number;
}

/** Deletes work that finished longer than retentionMs ago; returns how many. Its rows go with its finalizer. */
export const removeOldWork = async (deps: RetentionDeps): Promise<number> => {
  const beforeMs = deps.clock.nowMs() - deps.retentionMs;
  const old = workKinds.flatMap((kind) =>
    deps.resources
      .list(kind)
      .items.map(toWork)
      .filter(({ status, metadata }) => {
        const endedMs = Date.parse(status?.completionTime ?? '');
        return isFinalPhase(status) && endedMs < beforeMs && metadata.deletionTimestamp === undefined;
      })
      .map(({ metadata }) => ({ kind, metadata })),
  );
  for (const { kind, metadata } of old) {
    if (deps.signal.aborted) break;
    await deps.resources.delete(kind, metadata.namespace ?? '', metadata.name ?? '', {
      preconditions: metadata.uid === undefined ? {} : { uid: metadata.uid },
    });
  }
  return old.length;
};
