// Which of two servers is used that both take writes: the standby was promoted, and nobody ended the one before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { PostgresPair } from '../../../../../test/harness/postgres-pair.ts';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import { testThreads } from '../test-threads.ts';
import { connect } from './connect.ts';
import { openPostgres } from './open.ts';
import { Pool } from './pool.ts';
import { timelines } from './timeline.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const waitMs = 5_000;
const port = 'SELECT inet_server_port()::int AS port';

describe.skipIf(isSkipped)('of two servers that take writes', () => {
  let pair: PostgresPair;
  beforeAll(async () => {
    pair = await PostgresPair.start();
  }, 60_000);
  afterAll(() => pair.drop());

  test('the one that was promoted last is used: by who connects, who is connected, and a controller that starts', async () => {
    const { url } = pair;
    const [before = 0, after = 0] = pair.ports;
    const opened = await openPostgres(url, 'write');
    const pool = new Pool(url);
    const ofPool = (): Promise<unknown> =>
      pool.use(async (client) => (await client.query<{ port: number }>(port)).rows[0]?.port);
    const ofStore = async (): Promise<unknown> => (await opened.database.row(port))?.['port'];
    expect([await ofStore(), await ofPool()]).toEqual([before, before]);
    await pair.server.set('synchronous_standby_names', undefined);

    await pair.failOver('left');
    expect([await ofStore(), await ofPool()]).toEqual([before, before]); // nobody has said anything yet
    // Nothing is known of it in a process that starts.
    new BigInt64Array(timelines).fill(0n);
    const anew = await connect(url, waitMs);

    expect((await anew.query<{ port: number }>(port)).rows).toEqual([{ port: after }]);
    expect([await ofStore(), await ofPool()]).toEqual([after, after]);
    const old = pair.replaced?.url(pair.schema) ?? '';
    await expect(connect(old, 0)).rejects.toThrow(
      `cannot reach the database: 127.0.0.1:${before}: another has been promoted in its place`,
    );
    await anew.end();
    await pool.close();
    await opened.close();
  }, 60_000);

  test('the one before is left by the threads of a store as soon as the other was seen anywhere in the process', async () => {
    await pair.follow();
    const dataDir = await mkdtemp(join(tmpdir(), 'drover-timeline-'));
    const threads = testThreads;
    const store = await openStore({ dataDir, url: pair.url, clock: systemClock, log: silentLog, threads });
    await store.agents.list();
    await pair.server.set('synchronous_standby_names', undefined);

    await pair.failOver('left');
    const anew = await connect(pair.url, waitMs);
    await store.agents.list();
    await store.agents.disconnectAll(1);

    const served = "SELECT pid FROM pg_stat_activity WHERE application_name = 'drover'";
    const old = pair.replaced;
    await waitFor('nobody to be at the old one', async () => (await old?.query(served))?.length === 0, 5_000);
    await anew.end();
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  test('the one before is not written to within a transaction that was begun there', async () => {
    await pair.follow();
    const { database, close } = await openPostgres(pair.url, 'write');
    await pair.server.set('synchronous_standby_names', undefined);
    await database.begin();
    await database.run("INSERT INTO meta (key, value) VALUES ('late', '1')");

    await pair.failOver('left');
    const anew = await connect(pair.url, waitMs);

    await expect(async () => database.commit()).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await database.rollback();
    expect(await database.row("SELECT value FROM meta WHERE key = 'late'")).toBeUndefined();
    await anew.end();
    await close();
  }, 60_000);
});
