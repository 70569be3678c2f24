// Owns streams that a page follows to their end (results, logs): each is read once, shared by whoever shows it.
import type { ApiError } from '@drover/api/errors';
import { toApiError, useShared, type Work } from './shared.ts';

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
  /** waiting: nothing has come yet; failed: `error` says why, and nothing will come. */
  readonly state: 'waiting' | 'live' | 'ended' | 'failed';
  readonly error?: ApiError;
}

const read =
  <E, T>({ read: open, add, view }: Source<E, T>): Work<Followed<T>> =>
  async (screen, signal) => {
    try {
      for await (const event of open(signal)) {
        add(event);
        screen.showSoon(() => ({ value: view(), state: 'live' }));
      }
      if (!signal.aborted) screen.show({ value: view(), state: 'ended' });
    } catch (error) {
      if (!signal.aborted) screen.show({ value: view(), state: 'failed', error: toApiError(error) });
    }
  };

/** `key` names the stream: equal keys share what `open` made first. */
export const useFollowed = <E, T>(key: string, open: () => Source<E, T>): Followed<T> =>
  useShared(`stream ${key}`, () => {
    const source = open();
    return { first: { value: source.view(), state: 'waiting' }, work: read(source) };
  });
