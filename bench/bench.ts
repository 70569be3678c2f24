// Owns what a benchmark is: a name, an explanation, and a run that records named figures.
// I1: a figure is recorded as soon as it is known, so that a run that is cut short still prints what it measured.
// I2: whatever a run starts it hands to `defer`; that is undone in reverse order, however the run ends.

export type Figures = Record<string, number | string | boolean>;

export interface BenchContext {
  /** Smaller counts; the whole bench ends within 50 s. */
  readonly quick: boolean;
  /** Aborted when the time is up or the user interrupts. */
  readonly signal: AbortSignal;
  /** Records one figure; the unit is in the name (Ms, Seconds, Mib, Ratio, PerSecond). */
  figure(name: string, value: number | string | boolean): void;
  /** One line of progress on standard error. */
  say(line: string): void;
  defer(undo: () => Promise<void> | void): void;
}

export interface Bench {
  readonly name: string;
  /** What is measured, against what, and the bar. */
  readonly explain: string;
  readonly run: (context: BenchContext) => Promise<void>;
}

/** The middle value, or the mean of the two middle ones; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Wall time of `run` in ms. */
export const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await run();
  return performance.now() - start;
};

/** Median wall time in ms of `count` runs, one after another. */
export const medianOf = async (count: number, run: () => Promise<number>): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await run());
  return median(times);
};
