// The rows that every earlier release has left in PostgreSQL open with today's program, and read as they did then, also when the
// upgrade was killed half way; those of a newer version are refused. At the time of the release, as in upgrade.test.ts.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AtTime, atTime, missingForTime } from '../harness/at-time.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { freePort } from '../harness/ports.ts';
import { missingForPostgres, PostgresServer } from '../harness/postgres.ts';
import { releaseSchema, unpackPostgres } from '../harness/postgres-release.ts';
import { knownReleases, type Release, timeOfRelease, unpackRelease } from '../harness/release.ts';
import { askAt, comparable } from '../harness/release-answers.ts';
import { waitFor } from '../harness/wait.ts';

const missing = missingForPostgres() ?? missingForTime();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
const releases = await knownReleases();

const refused =
  /^cannot open the database: it was written by a newer version of Drover \(schema 9999[^\n]*\n$/;

describe.skipIf(isSkipped).each(releases)('the rows of %s in PostgreSQL', (version) => {
  let dir: string;
  let release: Release;
  let time: AtTime;
  let server: PostgresServer;
  let controller: ControllerProcess | undefined;
  let dataDir: string;
  let counts: Readonly<Record<string, number>>;

  const form = async () =>
    (await server.query(`SELECT version::int, oldest::int FROM ${releaseSchema}.drover_schema`))[0];

  const countAll = async (): Promise<Readonly<Record<string, number>>> => {
    const tables = await server.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${releaseSchema}'`,
    );
    const found = tables.map(async ({ name }) => {
      const [row] = await server.query(`SELECT count(*)::int AS count FROM ${releaseSchema}."${name}"`);
      return [String(name), Number(row?.['count'])] as const;
    });
    return Object.fromEntries(await Promise.all(found));
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-upgrade-'));
    release = await unpackRelease(version, dir);
    time = atTime(timeOfRelease(release.listing));
    server = await PostgresServer.start();
  });
  beforeEach(async () => {
    await server.query(`DROP SCHEMA IF EXISTS ${releaseSchema} CASCADE`);
    await unpackPostgres(server, version);
    counts = await countAll();
    // A machine of its own: nothing but the key is there.
    dataDir = await mkdtemp(join(dir, 'on-postgres-'));
    await copyFile(join(dir, 'data.key'), `${dataDir}.key`);
  });
  afterEach(async () => {
    await controller?.close();
    controller = undefined;
  });
  afterAll(async () => {
    await server?.close();
    await rm(dir, { recursive: true, force: true });
  });

  const open = async (): Promise<ControllerProcess> => {
    controller = await ControllerProcess.start({ dataDir, store: server.url(releaseSchema), env: time.env });
    return controller;
  };

  const expectTheSame = async (): Promise<void> => {
    const answers = await askAt(time, await open(), release);
    const { listing: found, audit, sealed, username } = answers;
    expect(comparable(found)).toMatchObject(comparable(release.listing));
    expect(found).toMatchObject({ work: release.listing.work, content: release.listing.content });
    expect(found.recordings).toMatchObject(release.listing.recordings);
    expect([audit.first, audit.problem]).toEqual([1, undefined]);
    expect(audit.row).toMatchObject({
      seq: release.listing.audit.head.seq,
      hash: release.listing.audit.head.hash,
    });
    expect([sealed, username]).toEqual(['of-the-release-4711', release.secrets.user]);
    const now = await countAll();
    for (const table of ['work', 'task', 'output', 'blob', 'recording', 'factor', 'piece'])
      expect([table, now[table]]).toEqual([table, counts[table]]);
  };

  test('are all there and read the same', async () => {
    expect(counts['object_log']).toBeGreaterThan(0);
    await expectTheSame();
  });

  const start = (): ChildProcess => {
    const words = ['--data-dir', dataDir, '--host', '127.0.0.1', '--no-local-node'];
    return spawn(controllerFile, [...words, '--store', server.url(releaseSchema)], {
      env: { ...process.env, ...time.env },
      stdio: 'ignore',
      detached: true,
    });
  };

  const killAll = async (child: ChildProcess): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  };

  /** Starts a controller, and kills it as its upgrade waits for somebody who has begun `block`. */
  const killWhere = async (block: string, waiting: string): Promise<void> => {
    const client = await server.open();
    await client.query(block);
    const child = start();
    await waitFor('the upgrade to be under way', async () => (await server.query(waiting)).length > 0);
    await killAll(child);
    await client.end();
  };

  test('are upgraded by the next start when an upgrade was killed among its tables, and at an index', async () => {
    const before = await form();
    await killWhere(
      `BEGIN; LOCK TABLE ${releaseSchema}.agent IN ROW EXCLUSIVE MODE`,
      `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '${releaseSchema}.agent'::regclass`,
    );
    expect(await form()).toEqual(before);
    await killWhere(
      `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1`,
      `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`,
    );
    expect(await form()).toEqual(before);

    await expectTheSame();

    expect(Number((await form())?.['version'])).toBeGreaterThan(Number(before?.['version']));
  });

  test('of a newer version are refused in one line, and nothing of them is changed', async () => {
    await server.query(`UPDATE ${releaseSchema}.drover_schema SET version = 9999, oldest = 9999`);
    const before = await server.dump(releaseSchema);
    await mkdir(dataDir, { recursive: true });
    const ports = ['--port', String(await freePort()), '--agent-port', String(await freePort())];
    const words = ['--data-dir', dataDir, '--host', '127.0.0.1', '--no-local-node', ...ports];
    const started = promisify(execFile)(controllerFile, [...words, '--store', server.url(releaseSchema)]);
    const { code, stderr } = await started.then(
      () => ({ code: 0, stderr: '' }),
      // What execFile rejects with.
      (error: unknown) => error as { readonly code: number; readonly stderr: string },
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(refused)]);
    const lines = (sql: string): string => sql.replaceAll(/\n\\(un)?restrict [^\n]*/g, '');
    expect(lines(await server.dump(releaseSchema))).toBe(lines(before));
  });
});
