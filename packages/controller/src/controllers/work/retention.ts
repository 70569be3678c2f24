// Owns how long finished work is kept.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { pause } from '../../platform/pause.ts';
import type { Resources } from '../../resources/resources.ts';
import { isFinalPhase, toWork, workKinds } from './work.ts';

const sweepEveryMs = 600_000;

export interface RetentionDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
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

/** Sweeps at once and then every ten minutes, until the signal. */
export const runRetention = async (deps: RetentionDeps): Promise<void> => {
  while (!deps.signal.aborted) {
    try {
      const count = await removeOldWork(deps);
      if (count > 0) deps.log.info({ count }, 'old work deleted');
    } catch (error) {
      deps.log.warn({ err: error }, 'cannot delete old work: trying again later');
    }
    await pause(sweepEveryMs, deps.signal);
  }
};
