// Owns the start of the store's threads. It needs next to nothing of ours, so that they can be started before everything else: they load
// their code while the main thread loads its own.
import { Worker } from 'node:worker_threads';
import { timelines } from './postgres/timeline.ts';

export const startThread = (): Worker =>
  new Worker(new URL('./sql/worker.ts', import.meta.url), {
    workerData: { timelines },
    resourceLimits: { maxYoungGenerationSizeMb: 6 }, // it needs little, and would take what the main thread has
  });

const ahead: Worker[] = [];

/** Until they are taken they keep no process alive. */
export const startThreadsAhead = (count: number): void => {
  for (let made = 0; made < count; made += 1) {
    const thread = startThread();
    thread.unref();
    ahead.push(thread);
  }
};

/** One that was started ahead, or a new one. */
export const takeThread = (): Worker => {
  const thread = ahead.pop() ?? startThread();
  thread.ref();
  return thread;
};
