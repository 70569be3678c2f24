// Owns how long to wait before trying again: doubling, capped, and jittered so that a crowd spreads out.
export interface BackoffOptions {
  /** The first wait is between half of this and this. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1); for tests. */
  readonly random?: () => number;
}

/** Wait before try `attempt` (0 = first retry), in ms: between half and all of min(maxMs, baseMs * 2^attempt). */
export const toDelayMs = (options: BackoffOptions, attempt: number): number => {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 52));
  const share = (options.random ?? Math.random)();
  return Math.round(ceiling / 2 + (ceiling / 2) * share);
};

export interface Backoff {
  /** The next wait in ms; each call counts as one more failure. */
  nextMs(): number;
  /** After a success. */
  reset(): void;
}

export const createBackoff = (options: BackoffOptions): Backoff => {
  let attempt = 0;
  return {
    nextMs: () => toDelayMs(options, attempt++),
    reset: () => {
      attempt = 0;
    },
  };
};
