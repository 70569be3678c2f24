// Owns holding files in their place while somebody reads them by a list made before (a backup).
// I1: while anybody holds, nothing is removed; what is being removed has ended before the holder goes on.

export interface Hold {
  /** Resolves once nothing is removed any more; the function lets go, once. */
  hold(): Promise<() => void>;
  /** Does the work unless somebody holds; undefined: somebody did. */
  unlessHeld<T>(work: () => Promise<T>): Promise<T | undefined>;
}

export const createHold = (): Hold => {
  const holders = new Set<symbol>();
  const removals = new Set<Promise<unknown>>();
  return {
    hold: async () => {
      const holder = Symbol('holder');
      holders.add(holder);
      await Promise.allSettled(removals);
      return () => void holders.delete(holder);
    },
    unlessHeld: async (work) => {
      if (holders.size > 0) return undefined;
      const removal = work();
      removals.add(removal);
      try {
        return await removal;
      } finally {
        removals.delete(removal);
      }
    },
  };
};
