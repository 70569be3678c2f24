// How much there is of large tables is told without counting them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import type { StoredSize } from '../store.ts';
import { testThreads } from '../test-threads.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
const rows = 200_000;

let dataDir: string;
let place: Awaited<ReturnType<typeof freshSchema>>;

const withSizes = async (): Promise<readonly StoredSize[]> => {
  const store = await openStore({
    ...{ dataDir, url: place.url },
    ...{ clock: systemClock, log: silentLog, threads: testThreads },
  });
  try {
    return (await store.sizes()).kept;
  } finally {
    await store.close();
  }
};

const numberOf = async (sql: string): Promise<number> =>
  Number(Object.values((await place.server.query(sql))[0] ?? {})[0]);

/** Of the table and its indexes, since it was made: a connection that has ended has told all that it read. */
const readRows = (table: string): Promise<number> =>
  numberOf(`SELECT coalesce(seq_tup_read, 0) + coalesce((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i
    WHERE i.relid = t.relid), 0) FROM pg_stat_user_tables t WHERE schemaname = '${place.schema}' AND relname = '${table}'`);

describe.skipIf(isSkipped)('the sizes of a database', () => {
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'drover-sizes-'));
    place = await freshSchema();
    await withSizes();
    const { schema, server } = place;
    for (const table of ['output', 'blob']) // it would analyse them when it likes
      await server.query(`ALTER TABLE ${schema}.${table} SET (autovacuum_enabled = off)`);
    await server.query(`INSERT INTO ${schema}.output (cursor, work, task, stream, start, time_ms, data)
      SELECT n, 1, 1, 1, n, 1, decode(repeat('ab', 100), 'hex') FROM generate_series(1, ${rows}) n`);
    await server.query(`INSERT INTO ${schema}.blob (sha256, size_bytes, chunk_size_bytes, chunks, created_at_ms)
      SELECT n::text, 1000, 1, decode(repeat('ab', 100), 'hex'), 1 FROM generate_series(1, ${rows}) n`);
  }, 60_000);
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
    await place.drop();
  });

  const expectAbout = (kept: readonly StoredSize[]): void => {
    const of = (name: StoredSize['name']) => kept.find((one) => one.name === name);
    for (const found of [of('output'), of('content')]) {
      expect(found?.isEstimate).toBe(true);
      expect(found?.count).toBeGreaterThan(rows * 0.9);
      expect(found?.count).toBeLessThan(rows * 1.1);
    }
    expect(of('output')?.bytes).toBeGreaterThan(rows * 100);
    expect(of('content')?.bytes).toBeGreaterThan(rows * 900);
    expect(of('revisions')).toEqual({ name: 'revisions', count: 0, bytes: 0 });
  };

  test('are told of tables with many rows as estimates, of which no row is counted', async () => {
    await place.server.query(`ANALYZE ${place.schema}.output, ${place.schema}.blob`);
    const before = [await readRows('output'), await readRows('blob')] as const;

    expectAbout(await withSizes());

    expect((await readRows('output')) - before[0]).toBeLessThan(rows / 10);
    // A start looks at all content once.
    expect((await readRows('blob')) - before[1]).toBeLessThan(rows * 1.1);
  }, 60_000);

  test('are told also of tables that nobody has analysed yet', async () => {
    expect(
      await numberOf(`SELECT reltuples FROM pg_class WHERE oid = '${place.schema}.output'::regclass`),
    ).toBe(-1);

    expectAbout(await withSizes());
  }, 60_000);
});
