import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../test/harness/postgres.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { storeContract } from './contract/index.ts';
import { openStore } from './index.ts';
import { testThreads } from './test-threads.ts';

const rest = { clock: systemClock, log: silentLog, threads: testThreads };

storeContract('the SQLite store', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-store-'));
  return {
    open: () => openStore({ dataDir, ...rest }),
    destroy: () => rm(dataDir, { recursive: true, force: true }),
  };
});

const missing = missingForPostgres();
if (missing !== undefined)
  process.stdout.write(`the PostgreSQL store is not tested: ${missing} is missing\n`);

describe.skipIf(missing !== undefined && process.env['CI'] !== 'true')('with PostgreSQL', () => {
  storeContract('the PostgreSQL store', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'drover-store-'));
    const { url, drop } = await freshSchema();
    return {
      open: () => openStore({ dataDir, url, ...rest }),
      destroy: async () => {
        await rm(dataDir, { recursive: true, force: true });
        await drop();
      },
    };
  });
});
