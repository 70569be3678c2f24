// drover server doctor on a controller whose rows are in PostgreSQL: healthy, and with a fault of each kind in a real server.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Check } from '@drover/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { missingForPostgres, PostgresServer } from '../harness/postgres.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
const schema = 'drover';

let server: PostgresServer;
let controller: ControllerProcess;

interface Found {
  readonly code: number;
  /** Name → what is said, without what is well. */
  readonly wrong: Readonly<Record<string, string>>;
  readonly ok: readonly string[];
}

const textOf = ({ verdict, message, remedy = '' }: Check): string => `${verdict}: ${message} -> ${remedy}`;

const doctor = async (
  url: string | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<Found> => {
  const ports = ['--port', String(controller.port), '--agent-port', String(controller.agentPort)];
  const store = url === undefined ? [] : ['--store', url];
  const words = ['server', 'doctor', '-o', 'json', '--data-dir', controller.dataDir, ...ports, ...store];
  const { code, stdout, stderr } = await cli(controller, words, { env });
  expect(stderr).toBe('');
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
  const about = ['process', 'database', 'schema', 'controllers', 'secrets', 'ports', 'modes', 'directory'];
  const ours = checks.filter(({ name }) => about.includes(name));
  return {
    code,
    wrong: Object.fromEntries(
      ours.filter(({ verdict }) => verdict !== 'ok').map((check) => [check.name, textOf(check)]),
    ),
    ok: ours.filter(({ verdict }) => verdict === 'ok').map(({ name, message }) => `${name}: ${message}`),
  };
};

/** Who names the password of `locked` may come in, and nobody else by that name. */
const lockOut = async (): Promise<void> => {
  await server.query("CREATE ROLE locked LOGIN PASSWORD 'right'");
  const [row] = await server.query('SHOW hba_file');
  const file = String(row?.['hba_file']);
  await writeFile(file, `host all locked 127.0.0.1/32 scram-sha-256\n${await readFile(file, 'utf8')}`);
  await server.query('SELECT pg_reload_conf()');
};

describe.skipIf(isSkipped)('a controller on PostgreSQL', () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.query(`CREATE SCHEMA ${schema}`);
    controller = await ControllerProcess.start({ store: server.url(schema) });
  });
  afterAll(async () => {
    await controller?.close();
    await server?.close();
  });

  test('is found healthy, its database and who is on it too', async () => {
    const { code, wrong, ok } = await doctor(server.url(schema));
    expect([code, wrong]).toEqual([0, {}]);
    expect(ok).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^process: process \d+ /),
        expect.stringMatching(/^database: 127\.0\.0\.1:\d+ takes writes \(PostgreSQL \d+\)$/),
        expect.stringMatching(/^schema: schema \d+$/),
        'controllers: they use it from 127.0.0.1',
        'secrets: their key is there and opens them',
      ]),
    );
  });

  test('is not said to have lost its database by who does not name it', async () => {
    const { code, wrong } = await doctor(undefined);
    expect([code, Object.keys(wrong)]).toEqual([0, ['database']]);
    expect(wrong['database']).toMatch(/^warn: .* in a PostgreSQL database -> .*--store postgres:/);
  });

  describe('that was killed', () => {
    beforeAll(() => controller.kill9());

    test('its database is named wrong, or refuses the password', async () => {
      await lockOut();
      const url = server.url(schema);
      const locked = url.replace('drover@', 'locked@');
      const wrong = async (other: string, env = {}) => (await doctor(other, env)).wrong;
      expect(await wrong(locked, { PGPASSWORD: 'wrong' })).toMatchObject({
        database: expect.stringMatching(/refuses the user .*password.* -> .*PGPASSWORD/),
      });
      expect(await wrong(url.replace('/postgres?', '/nothing?'))).toMatchObject({
        database: expect.stringMatching(/no such database .*"nothing".* -> .*CREATE DATABASE/),
      });
      expect(await wrong(server.url('nowhere'))).toMatchObject({
        schema: expect.stringContaining('CREATE SCHEMA'),
      });
      expect(await wrong(`${url}&sslmode=verify-full`)).toMatchObject({
        database: expect.stringMatching(/not safe .*SSL.* -> .*sslrootcert/),
      });
    });

    test('its database is newer than this program, or not whole', async () => {
      await server.query(
        `CREATE TABLE ${schema}.kept AS SELECT version, oldest FROM ${schema}.drover_schema`,
      );
      await server.query(`UPDATE ${schema}.drover_schema SET version = 999, oldest = 999`);
      const newer = await doctor(server.url(schema));
      await server.query(
        `UPDATE ${schema}.drover_schema SET (version, oldest) = (SELECT version, oldest FROM ${schema}.kept)`,
      );
      await server.query(`ALTER TABLE ${schema}.kept RENAME TO drover_filling`);
      const filling = await doctor(server.url(schema));
      await server.query(`DROP TABLE ${schema}.drover_filling`);
      expect([newer.code, newer.wrong['schema']]).toEqual([
        1,
        expect.stringMatching(/newer version of Drover \(schema 999, .* -> start that version/),
      ]);
      expect([filling.code, filling.wrong['schema']]).toEqual([
        1,
        expect.stringContaining('not come to its end'),
      ]);
    });

    test('its key is gone', async () => {
      await rename(controller.keyFile, `${controller.keyFile}.away`);
      const { wrong } = await doctor(server.url(schema));
      await rename(`${controller.keyFile}.away`, controller.keyFile);
      expect(wrong['secrets']).toMatch(/^fail: .*it is not there.* -> put the key back/);
    });

    test('only a standby is named, or one that takes writes beside one that is away', async () => {
      const standby = await PostgresServer.start({ standbyOf: server });
      const alone = await doctor(standby.url(schema));
      const both = await doctor(server.url(schema, [standby, server]));
      await standby.close();
      const one = await doctor(server.url(schema, [standby, server]));
      expect([alone.code, alone.wrong['database']]).toEqual([
        1,
        expect.stringMatching(/is a standby, which takes no writes -> .*pg_ctl promote/),
      ]);
      expect(both.wrong['database']).toBeUndefined();
      expect(one.wrong['database']).toMatch(/^warn: .*nobody listens there; .*takes writes/);
    });

    test('its database was stopped', async () => {
      await server.end();
      const { code, wrong } = await doctor(server.url(schema));
      expect([code, wrong['database']]).toEqual([
        1,
        expect.stringMatching(/^fail: .*nobody listens there -> start PostgreSQL/),
      ]);
    });
  });
});
