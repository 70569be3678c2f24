// Owns threads of stores for tests: one whose store is closed serves the next store, since starting a thread costs more
// than most tests do. What is tested is a real thread on real files all the same.
// I1: only a thread that has closed its data directory is handed out again.
import type { Worker } from 'node:worker_threads';
import type { ThreadSource } from './channel.ts';
import { startThread } from './thread.ts';

const idle: Worker[] = [];

export const testThreads: ThreadSource = {
  take: () => {
    const thread = idle.pop() ?? startThread();
    thread.ref();
    return thread;
  },
  release: (thread) => {
    thread.unref(); // the process may end
    idle.push(thread);
  },
};
