// Owns the wake-up of everybody who follows a piece of work.
// I1: one listener on the store, whatever the number of followers; a follower of another work is not woken.
// I2: a wake-up between two waits is not lost: the follower takes its mark before it reads.
import type { Store, Unsubscribe } from '../store/store.ts';

export interface WorkSignals {
  /** Counts the wake-ups of `work` for one follower. */
  follow(work: string): WorkFollower;
  close(): void;
}

export interface WorkFollower {
  /** To be taken before reading; `changed` resolves at once if there was a wake-up since. */
  mark(): number;
  changed(since: number, signal: AbortSignal): Promise<void>;
  /** For changes that do not come from tasks: the object's own. */
  wake(): void;
  close(): void;
}

interface Follower {
  count: number;
  notify: (() => void) | undefined;
}

const bump = (follower: Follower): void => {
  follower.count += 1;
  follower.notify?.();
};

const waitFor = (follower: Follower, since: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      follower.notify = undefined;
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (follower.count !== since || signal.aborted) {
      resolve();
      return;
    }
    follower.notify = done;
    signal.addEventListener('abort', done);
  });

export const createWorkSignals = ({ store }: { readonly store: Pick<Store, 'tasks'> }): WorkSignals => {
  const followers = new Map<string, Set<Follower>>();
  const wakeAll = (rows: readonly { readonly work: string }[]): void => {
    if (followers.size === 0) return;
    for (const work of new Set(rows.map((row) => row.work))) followers.get(work)?.forEach(bump);
  };
  const unsubscribe: readonly Unsubscribe[] = [store.tasks.onChange(wakeAll), store.tasks.onOutput(wakeAll)];
  return {
    follow: (work) => {
      const follower: Follower = { count: 0, notify: undefined };
      const group = followers.get(work) ?? new Set();
      followers.set(work, group.add(follower));
      return {
        mark: () => follower.count,
        changed: (since, signal) => waitFor(follower, since, signal),
        wake: () => bump(follower),
        close: () => {
          group.delete(follower);
          if (group.size === 0 && followers.get(work) === group) followers.delete(work);
        },
      };
    },
    close: () => {
      for (const stop of unsubscribe) stop();
    },
  };
};
