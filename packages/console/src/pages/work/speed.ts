// Owns how fast bytes go just now: over about the last three seconds.
const windowMs = 3_000;
/** What is shorter says nothing. */
const leastMs = 200;
const mostSamples = 40;

interface Sample {
  readonly timeMs: number;
  readonly bytes: number;
}

/** Told how many bytes are done at a time, answers bytes per second. */
export const createSpeed = (): ((bytes: number, timeMs: number) => number) => {
  let samples: readonly Sample[] = [];
  return (bytes, timeMs) => {
    const recent = samples.filter((sample) => timeMs - sample.timeMs <= windowMs && sample.bytes <= bytes);
    samples = [...recent, { timeMs, bytes }].slice(-mostSamples);
    const [first] = samples;
    if (first === undefined || timeMs - first.timeMs < leastMs) return 0;
    return ((bytes - first.bytes) * 1000) / (timeMs - first.timeMs);
  };
};
