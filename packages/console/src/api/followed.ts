// Owns streams that a page follows to their end (results, logs): each is read once, shared by whoever shows it.
import type { ApiError } from '@drover/api/errors';
import { type Screen, toApiError, untilAsked, useShared, type Work } from './shared.ts';

/** A stream, and what becomes of its events. */
export interface Source<E, T> {
  /** Goes on over cuts by itself, until the end. */
  readonly read: (signal: AbortSignal) => AsyncIterable<E>;
  readonly add: (event: E) => void;
  /** What is shown of all that was added. */
  readonly view: () => T;
}

export interface Followed<T> {
  readonly value: T;
  /** waiting: nothing has come yet; failed: `error` says why, and only `retry` reads it again, from its beginning. */
  readonly state: 'waiting' | 'live' | 'ended' | 'failed';
  readonly error?: ApiError;
  readonly retry?: () => void;
}

const readOnce = async <E, T>(
  { read, add, view }: Source<E, T>,
  screen: Screen<Followed<T>>,
  signal: AbortSignal,
): Promise<void> => {
  for await (const event of read(signal)) {
    add(event);
    screen.showSoon(() => ({ value: view(), state: 'live' }));
  }
  if (!signal.aborted) screen.show({ value: view(), state: 'ended' });
};

const follow =
  <E, T>(first: Source<E, T>, open: () => Source<E, T>): Work<Followed<T>> =>
  async (screen, signal) => {
    for (let source = first; !signal.aborted; source = open())
      try {
        return await readOnce(source, screen, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const failed = { value: source.view(), state: 'failed', error: toApiError(thrown) } as const;
        await untilAsked(signal, (retry) => screen.show({ ...failed, retry }));
        screen.show({ value: source.view(), state: 'waiting' });
      }
  };

/** `key` names the stream: equal keys share what `open` made first. */
export const useFollowed = <E, T>(key: string, open: () => Source<E, T>): Followed<T> =>
  useShared(`stream ${key}`, () => {
    const source = open();
    return { first: { value: source.view(), state: 'waiting' }, work: follow(source, open) };
  });
