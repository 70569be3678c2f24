// Owns giving memory back: V8 keeps the pages that a busy minute needed, for the next one.
// I1: it collects only when the event loop has been nearly idle for a period and there is enough to gain, for a
//     collection stops everybody as long as it takes (2 to 4 ms for each MiB that lives).
import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * From now on the heap is collected each time it has grown by 15 %. Not from the start on: what is read then stays, and
 * would be gone through again and again for nothing.
 */
export const growSlowly = (): void => setFlagsFromString('--heap-growing-percent=15');

/** Share of a period that the event loop may be busy: 1,000 agents that only tell that they live take 5 %. */
const idleShare = 0.15;
const worthBytes = 16 * 1024 * 1024;
const worthShare = 0.15;

/** Looks after the heap of this thread; does nothing unless Node.js runs with --expose-gc (bin/drover-controller). */
export const keepMemorySmall = (periodMs = 10_000): { close(): void } => {
  const collect = globalThis.gc;
  if (collect === undefined) return { close: () => undefined };
  let seen = performance.eventLoopUtilization();
  /** Size of the heap after the last time. */
  let small = 0;
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, seen);
    seen = now;
    const gain = getHeapStatistics().total_heap_size - small;
    if (utilization > idleShare || gain < Math.max(worthBytes, small * worthShare)) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    small = getHeapStatistics().total_heap_size;
  };
  const timer = setInterval(look, periodMs).unref();
  return { close: () => clearInterval(timer) };
};

/** How many bytes may pass before what is left of them is collected. */
const sweepBytes = {
  young: 2 * 1024 * 1024,
  /** Takes some milliseconds for each MiB that lives: for processes in which little does. */
  all: 16 * 1024 * 1024,
} as const;

/**
 * To be told of bytes that have passed. However large a Buffer is, for V8 it is a small object: it lets some 64 MiB of
 * them gather before it collects. `all`: also those that were on their way for so long that they are not young any more. Does
 * nothing unless Node.js runs with --expose-gc.
 */
export const createSweeper = (what: keyof typeof sweepBytes = 'young'): ((passedBytes: number) => void) => {
  const collect = globalThis.gc;
  let gathered = 0;
  return (passedBytes) => {
    gathered += passedBytes;
    if (collect === undefined || gathered < sweepBytes[what]) return;
    gathered = 0;
    collect({ type: what === 'all' ? 'major' : 'minor', execution: 'sync' });
  };
};
