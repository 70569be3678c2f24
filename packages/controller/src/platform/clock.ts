// Owns time: the only place that reads the system clock.
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

let lastSecond = Number.NaN;
let lastTimestamp = '';

/** RFC 3339 with seconds, as Kubernetes writes times. Many are asked for within one second: the last is remembered. */
export const toTimestamp = (ms: number): string => {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastTimestamp = `${new Date(ms).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastTimestamp;
};
