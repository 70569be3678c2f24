import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { onceOnly } from './test/e2e/stores.ts';

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

/** In CI a test is tried a second time, and the closing lines name it (scripts/counts-reporter.mjs): it is to be looked into. */
const retry = process.env['CI'] === 'true' ? 1 : 0;

/** Whatever is waited for, a machine that is busy with other files may take its time: only what never comes fails. */
const endToEnd = {
  testTimeout: 120_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 20_000 } },
  retry,
};

/** Each has a controller of its own, and waits for it, or for a browser, more than half of the time. */
const together = {
  ...endToEnd,
  include: ['test/e2e/**/*.test.ts'],
  exclude: [...configDefaults.exclude, ...alone],
  maxWorkers: 4,
  sequence: { groupOrder: 1 },
};
const oneByOne = {
  ...endToEnd,
  include: alone,
  exclude: configDefaults.exclude,
  fileParallelism: false,
  sequence: { groupOrder: 2 },
};

/** The same files once more, on one PostgreSQL server for all of them. */
const onPostgres = <P extends typeof together | typeof oneByOne>(name: string, project: P) => ({
  test: {
    ...project,
    name,
    exclude: [...project.exclude, ...Object.keys(onceOnly)],
    env: { DROVER_TEST_STORE: 'postgres' },
    globalSetup: 'test/harness/shared-postgres.ts',
  },
});

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
          retry,
          // Files of one worker share what they import: no test replaces a module or leaves state in one.
          isolate: false,
        },
      },
      { test: { name: 'long', include: [long], testTimeout: 120_000, isolate: false, retry } },
      { test: { ...together, name: 'e2e' } },
      { test: { ...oneByOne, name: 'e2e-alone' } },
      onPostgres('e2e-postgres', together),
      onPostgres('e2e-alone-postgres', oneByOne),
    ],
  },
});
