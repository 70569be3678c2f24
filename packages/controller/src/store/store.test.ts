import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { storeContract } from './contract/index.ts';
import { openStore } from './index.ts';
import { testThreads } from './test-threads.ts';

storeContract('the SQLite store', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drover-store-'));
  return {
    open: () => openStore({ dataDir, clock: systemClock, log: silentLog, threads: testThreads }),
    destroy: () => rm(dataDir, { recursive: true, force: true }),
  };
});
