// Owns how a room is told of what was committed. I1: one listener's failure does not keep the others from hearing.
import type { Log } from '../platform/log.ts';
import type { Unsubscribe } from './store.ts';

export interface Listeners<T> {
  add(listener: (event: T) => void): Unsubscribe;
  tell(event: T): void;
}

export const createListeners = <T>(log: Log): Listeners<T> => {
  const listeners = new Set<{ readonly hear: (event: T) => void }>();
  return {
    add: (hear) => {
      const entry = { hear };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    tell: (event) => {
      for (const listener of listeners) {
        try {
          listener.hear(event);
        } catch (err) {
          log.error({ err }, 'cannot tell a listener of a commit: it threw');
        }
      }
    },
  };
};
