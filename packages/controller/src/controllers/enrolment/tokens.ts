// Owns the status of enrolment tokens: whether each can still be used, shown as its phase.
import { ApiError, annotation, enrollmentTokenKind, type KubeObject, tokenProblem } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { createKeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { asToken } from './claims.ts';

export interface TokenLoop {
  close(): Promise<void>;
}

const phases = { unknown: 'Revoked', revoked: 'Revoked', expired: 'Expired', used: 'Used' } as const;
/** Timers of Node end at 2^31 ms. */
const maxDelayMs = 2_000_000_000;

/** The token with the status that is true now; undefined when it already has it. */
export const withPhase = (object: KubeObject, nowMs: number): KubeObject | undefined => {
  const { status = {} } = asToken(object);
  const problem = tokenProblem(object, nowMs);
  const phase = problem === undefined ? 'Active' : phases[problem];
  const tokenSha256 = object.metadata.annotations?.[annotation.tokenSha256];
  if (status.phase === phase && status.tokenSha256 === tokenSha256 && status.uses !== undefined)
    return undefined;
  const hash = tokenSha256 === undefined ? {} : { tokenSha256 };
  return { ...object, status: { ...status, ...hash, phase, uses: status.uses ?? 0 } };
};

export const runTokenLoop = (deps: {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
}): TokenLoop => {
  const { resources, clock, log } = deps;
  const stop = new AbortController();
  const step = async (name: string): Promise<void> => {
    const object = resources.find(enrollmentTokenKind, '', name);
    if (object === undefined) return;
    const change = (now: KubeObject) => withPhase(now, clock.nowMs());
    try {
      await resources.modify(enrollmentTokenKind, '', name, change, { subresource: 'status' });
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    }
    const leftMs = Date.parse(asToken(object).spec.expiresAt ?? '') - clock.nowMs();
    if (leftMs > 0) queue.add(name, Math.min(leftMs + 1, maxDelayMs));
  };
  const queue = createKeyedQueue({
    step,
    width: 4,
    log,
    onError: 'cannot write the status of an enrolment token',
  });
  const following = followKind(
    { resources, log, signal: stop.signal },
    enrollmentTokenKind,
    ({ type, object }) => {
      if (type !== 'DELETED') queue.add(object.metadata.name ?? '');
    },
  );
  return {
    close: async () => {
      stop.abort();
      await Promise.all([following, queue.close()]);
    },
  };
};
