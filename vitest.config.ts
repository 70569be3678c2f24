import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Every store starts two threads, and each loads its modules anew: compiled once for all of them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    // Most tests wait for a disk, a child or a socket part of the time: a core kept free for vitest itself idles.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'test/rules/*.test.ts', 'test/wire/*.test.ts', 'lab/*.test.ts'],
          testTimeout: 20_000,
          // Files of one worker share what they import: no test replaces a module or leaves state in one.
          isolate: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
