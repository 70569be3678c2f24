// Owns parts of this package that are loaded when they are first needed, because of what they take of memory.

export interface OnDemand<T> {
  /** Resolves at once from the second time on. */
  load(): Promise<void>;
  /** Undefined until somebody has awaited `load`. */
  loaded(): T | undefined;
}

export const onDemand = <T>(bring: () => Promise<T>): OnDemand<T> => {
  let loaded: T | undefined;
  return {
    load: async () => {
      loaded ??= await bring();
    },
    loaded: () => loaded,
  };
};
