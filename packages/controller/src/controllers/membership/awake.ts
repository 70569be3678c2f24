// Owns a clock that only runs while this process does, and sees: what a stopped process, or one without its database, did not see is no
// fault of those whom it watches.
/** Ticks may be late by as much; what is beyond, the process slept. */
const slack = 2;

export interface AwakeClock {
  /** Milliseconds since its beginning during which the process was awake, and saw. */
  nowMs(): number;
  /** To be called every `tickMs`, and when it begins to see. */
  tick(): void;
}

export const createAwakeClock = (
  tickMs: number,
  elapsedMs: () => number,
  sees: () => boolean = () => true,
): AwakeClock => {
  let awakeMs = 0;
  let lastMs = elapsedMs();
  const sinceTick = (): number => (sees() ? Math.min(elapsedMs() - lastMs, slack * tickMs) : 0);
  return {
    nowMs: () => awakeMs + sinceTick(),
    tick: () => {
      awakeMs += sinceTick();
      lastMs = elapsedMs();
    },
  };
};
