// Owns the words about bytes in a live line: done, total, speed now, and of each node when they are few.
import { toSize } from '@drover/api/size';
import { isLive } from './rows.ts';
import type { Tally } from './tally.ts';

interface Sample {
  readonly timeMs: number;
  readonly bytes: number;
}

/** Speeds over about the last three seconds. */
const windowMs = 3000;
const fewNodes = 5;

const createSpeed = () => {
  let samples: Sample[] = [];
  return (bytes: number): number => {
    const timeMs = performance.now();
    samples = [...samples.filter((sample) => timeMs - sample.timeMs <= windowMs), { timeMs, bytes }].slice(
      -40,
    );
    const [first] = samples;
    if (first === undefined || timeMs - first.timeMs < 200) return 0;
    return ((bytes - first.bytes) * 1000) / (timeMs - first.timeMs);
  };
};

const percent = (done: number, total: number): string =>
  total === 0 ? '0%' : `${Math.min(100, Math.floor((done * 100) / total))}%`;

/** One line's text, made anew each time it is drawn. */
export const createByteText = (): ((tally: Tally) => string) => {
  const total = createSpeed();
  const speeds = new Map<string, ReturnType<typeof createSpeed>>();
  const ofNode = (node: string, bytes: number): number => {
    const speed = speeds.get(node) ?? createSpeed();
    speeds.set(node, speed);
    return speed(bytes);
  };
  return (tally) => {
    const sum = tally.bytes();
    if (sum.total === 0) return '';
    const live = tally.tasks().filter((task) => isLive(task.state) && task.totalBytes > 0);
    const shown = live.length <= fewNodes ? live : [];
    const nodes = shown.map(
      (task) =>
        `${task.node} ${percent(task.doneBytes, task.totalBytes)} ${toSize(ofNode(task.node, task.doneBytes))}/s`,
    );
    const whole = `${toSize(sum.done)} of ${toSize(sum.total)}, ${toSize(total(sum.done))}/s`;
    return [whole, ...nodes].join(' · ');
  };
};
