// Owns what waits in memory for its one answer, as signing in goes over several requests.
// I1: it is taken once, within its time. I2: there are at most `most`; the oldest give way.
import type { Clock } from '../../platform/clock.ts';

export interface WaitingRoom<T> {
  add(key: string, value: T): void;
  /** Removes and returns it; undefined when there is none, it is over, or not meant (then it waits on). */
  take(key: string, isMeant: (value: T) => boolean): T | undefined;
}

export const createWaitingRoom = <T>({
  clock,
  lifeMs,
  most,
}: {
  readonly clock: Clock;
  readonly lifeMs: number;
  readonly most: number;
}): WaitingRoom<T> => {
  const waiting = new Map<string, { readonly value: T; readonly untilMs: number }>();
  return {
    add: (key, value) => {
      waiting.set(key, { value, untilMs: clock.nowMs() + lifeMs });
      for (const [oldest, { untilMs }] of waiting) {
        if (untilMs > clock.nowMs() && waiting.size <= most) break;
        waiting.delete(oldest);
      }
    },
    take: (key, isMeant) => {
      const found = waiting.get(key);
      if (found === undefined || !isMeant(found.value)) return undefined;
      waiting.delete(key);
      return found.untilMs > clock.nowMs() ? found.value : undefined;
    },
  };
};
