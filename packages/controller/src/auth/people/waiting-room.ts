// Owns what waits for its one answer, as signing in goes over several requests: in the store, since the next one may come to
// another controller.
// I1: it is taken once, within its time. I2: there are at most `most`; the oldest give way.
import type { Clock } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/ids.ts';
import type { PendingStore } from '../../store/store.ts';

export interface WaitingRoom<T> {
  /** A value that JSON can carry. */
  add(key: string, value: T): Promise<void>;
  /** Removes and returns it; undefined when there is none, it is over, or not meant (then it waits on). */
  take(key: string, isMeant: (value: T) => boolean): Promise<T | undefined>;
}

export const createWaitingRoom = <T>({
  pending,
  name,
  clock,
  lifeMs,
  most,
}: {
  readonly pending: PendingStore;
  readonly name: string;
  readonly clock: Clock;
  readonly lifeMs: number;
  readonly most: number;
}): WaitingRoom<T> => {
  const idOf = (key: string): string => sha256Hex(`${name} ${key}`);
  return {
    add: (key, value) => {
      const nowMs = clock.nowMs();
      const row = { id: idOf(key), room: name, value: JSON.stringify(value) };
      return pending.put({ ...row, untilMs: nowMs + lifeMs, nowMs, most });
    },
    take: async (key, isMeant) => {
      const text = await pending.find(idOf(key), clock.nowMs());
      // Written by `add`.
      const value = text === undefined ? undefined : (JSON.parse(text) as T);
      if (value === undefined || !isMeant(value)) return undefined;
      return (await pending.take(idOf(key))) ? value : undefined;
    },
  };
};
