// Owns a clock that only runs while this process does: what a stopped process did not see is no fault of those whom it watches.
/** Ticks may be late by as much; what is beyond, the process slept. */
const slack = 2;

export interface AwakeClock {
  /** Milliseconds since its beginning during which the process was awake. */
  nowMs(): number;
  /** To be called every `tickMs`. */
  tick(): void;
}

export const createAwakeClock = (tickMs: number, elapsedMs: () => number): AwakeClock => {
  let awakeMs = 0;
  let lastMs = elapsedMs();
  const sinceTick = (): number => Math.min(elapsedMs() - lastMs, slack * tickMs);
  return {
    nowMs: () => awakeMs + sinceTick(),
    tick: () => {
      awakeMs += sinceTick();
      lastMs = elapsedMs();
    },
  };
};
