import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../test/harness/postgres.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { storeContract } from './contract/index.ts';
import { openStore } from './index.ts';
import { markTable, ownTables } from './postgres/schema.ts';
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

/** As a newer program leaves it while this one goes on. */
const widened = (schema: string, tables: readonly string[]): string =>
  [
    ...tables.map(
      (table) => `ALTER TABLE ${schema}.${table} ADD COLUMN IF NOT EXISTS next_note TEXT,
        ADD COLUMN IF NOT EXISTS next_count BIGINT NOT NULL DEFAULT 0`,
    ),
    `CREATE TABLE IF NOT EXISTS ${schema}.next_thing (id TEXT PRIMARY KEY, n BIGINT)`,
    `CREATE INDEX IF NOT EXISTS task_next ON ${schema}.task (next_count)`,
    `UPDATE ${schema}.drover_schema SET version = version + 1`,
  ].join(';');

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

  storeContract('the PostgreSQL store that a newer program has upgraded', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'drover-store-'));
    const { server, schema, url, drop } = await freshSchema();
    let isWide = false;
    const widen = async (): Promise<void> => {
      if (isWide) return;
      isWide = true;
      await server.query(
        widened(
          schema,
          [...ownTables].filter((table) => table !== markTable),
        ),
      );
    };
    return {
      open: async () => {
        const store = await openStore({ dataDir, url, ...rest });
        await widen();
        return store;
      },
      destroy: async () => {
        await rm(dataDir, { recursive: true, force: true });
        await drop();
      },
    };
  });
});
