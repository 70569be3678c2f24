import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// Every store starts two threads, and each loads its modules anew: compiled once for all of them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** What takes long by its nature: very many cases by chance, other programs started for each, processes that are killed. */
const long = 'packages/**/*.long.test.ts';

/** These want a machine of their own: lab hosts, limits of the kernel, or much of what the processors give. */
const alone = [
  'test/faults/*.test.ts',
  ...[
    'bootstrap',
    'lab',
    'main-job',
    'no-systemd',
    'packages',
    'readme',
    'shell',
    'start',
    'trust',
    'update',
  ].map((name) => `test/e2e/${name}.test.ts`),
];

const endToEnd = { testTimeout: 120_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    // Most tests wait for a disk, a child or a socket part of the time: a core kept free for vitest itself idles.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/rules/*.test.ts',
            'test/wire/*.test.ts',
            'lab/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, long],
          testTimeout: 20_000,
          // Files of one worker share what they import: no test replaces a module or leaves state in one.
          isolate: false,
        },
      },
      { test: { name: 'long', include: [long], testTimeout: 120_000, isolate: false } },
      {
        test: {
          ...endToEnd,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...alone],
          // Each has a controller of its own, and waits for it most of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...endToEnd,
          name: 'e2e-alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
