// What becomes of a database while programs of two versions are at it: today's, and one of which the migrations are said here.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { migrations } from '../migrations/index.ts';
import { connect } from './connect.ts';
import { openPostgres } from './open.ts';
import { upgrade } from './upgrade.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const known = migrations.length;
const waitMs = 10_000;
const expanding = [
  ...migrations,
  `CREATE TABLE next_thing (id TEXT PRIMARY KEY);
   ALTER TABLE meta ADD COLUMN next_note TEXT;
   CREATE INDEX meta_next ON meta (next_note);`,
];
const contracting = [...migrations, 'ALTER TABLE task DROP COLUMN message;'];

describe.skipIf(isSkipped)('a database of which the schema grows', () => {
  let place: Awaited<ReturnType<typeof freshSchema>>;
  const closing: { close(): unknown }[] = [];
  beforeEach(async () => {
    place = await freshSchema();
  });
  afterEach(async () => {
    for (const one of closing.splice(0)) await one.close();
    await place.drop();
  });
  /** A controller of today's version. */
  const serve = async () => {
    const opened = await openPostgres(place.url, 'write');
    closing.push(opened);
    return opened.database;
  };
  const rows = (sql: string) => place.server.query(sql.replaceAll('$', place.schema));
  const form = async () => (await rows('SELECT version::int, oldest::int FROM $.drover_schema'))[0];
  const next = (steps: readonly string[]) => upgrade(place.url, waitMs, steps);

  test('is expanded beside a program that serves, which goes on, and may start again', async () => {
    const old = await serve();
    await old.run("INSERT INTO meta (key, value) VALUES ('a', '1')");

    await next(expanding);

    expect(await form()).toEqual({ version: known + 1, oldest: 0 });
    await old.run("INSERT INTO meta (key, value) VALUES ('b', '2')");
    const again = await serve();
    expect(await again.tuples('SELECT key, value FROM meta ORDER BY key')).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(await form()).toEqual({ version: known + 1, oldest: 0 });
  });

  test('keeps nobody waiting behind a backup that reads what gets a column', async () => {
    const old = await serve();
    await old.run("INSERT INTO meta (key, value) VALUES ('a', '1')");
    const backup = await openPostgres(place.url, 'snapshot');
    await backup.database.rows('SELECT key FROM meta');
    const upgrading = next(expanding);

    for (let count = 0; count < 8; count++) {
      await old.run('UPDATE meta SET value = ? WHERE key = ?', String(count), 'a'); // fails when it waits for four seconds
      await delay(400); // the upgrade tries and gives way meanwhile
    }
    expect(await form()).toMatchObject({ version: known });
    await backup.close();
    await upgrading;

    expect(await form()).toMatchObject({ version: known + 1 });
  });

  test('is finished by the next start when an upgrade was broken off anywhere', async () => {
    await serve();
    await rows('ALTER TABLE $.meta ADD COLUMN next_note TEXT');
    await rows("INSERT INTO $.meta (key, value, next_note) VALUES ('a', '1', 'x'), ('b', '1', 'x')");
    // What a build leaves that has failed: here since it is not unique.
    await expect(rows('CREATE UNIQUE INDEX CONCURRENTLY meta_next ON $.meta (next_note)')).rejects.toThrow();

    await next(expanding);

    const indexes = await rows(
      "SELECT indisvalid AS valid, indisunique AS alone FROM pg_index WHERE indexrelid = '$.meta_next'::regclass",
    );
    expect(indexes).toEqual([{ valid: true, alone: false }]);
    expect(await form()).toMatchObject({ version: known + 1 });
  });

  test('is not contracted while another program is on it, and says who is; then it is closed to programs of before', async () => {
    const old = await openPostgres(place.url, 'write');
    const lease = {
      metadata: { annotations: { 'drover.dev/address': 'https://c1:7443', 'drover.dev/version': '0.1.0' } },
    };
    await rows(`INSERT INTO $.object_log (revision, resource, namespace, name, uid, type, value) VALUES
      (1, 'leases.coordination.k8s.io', 'drover-system', 'controller-1', 'u', 'created', '${JSON.stringify(lease)}')`);

    await expect(next(contracting)).rejects.toThrow(/0\.1\.0 at https:\/\/c1:7443.*drover server drain/);
    expect(await form()).toMatchObject({ version: known });
    await old.close();
    await next(contracting);

    expect(await form()).toEqual({ version: known + 1, oldest: known + 1 });
    await expect(serve()).rejects.toThrow(/newer version of Drover/);
  });

  test('is upgraded once by programs that start at the same time', async () => {
    await serve();
    await Promise.all([next(expanding), next(expanding), next(expanding)]);
    const client = await connect(place.url, waitMs);
    closing.push({ close: () => client.end() });
    expect((await client.query('SELECT version FROM drover_schema')).rows).toEqual([{ version: known + 1 }]);
  });
});
