// The data of every earlier release open with today's program, and read as they did then. What a start of its own time
// changes (which nodes are there, what is measured) is not compared. Controller, agents and clients run at the time at which
// the data were made: certificates, tokens and what retention keeps end with time, and this test does not.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { isPlainObject } from '@drover/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileBounds } from '../../packages/controller/src/bounds.ts';
import { AgentProcess } from '../harness/agents.ts';
import type { Answers } from '../harness/ask-release.ts';
import { type AtTime, atTime, missingForTime } from '../harness/at-time.ts';
import { codeOf } from '../harness/authenticator-app.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess, controllerFile, root } from '../harness/controller.ts';
import {
  knownReleases,
  type Listing,
  type Release,
  timeOfRelease,
  unpackRelease,
} from '../harness/release.ts';
import { askAt, comparable } from '../harness/release-answers.ts';

const run = promisify(execFile);
const releases = await knownReleases();

const missing = missingForTime();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
if (missing !== undefined)
  process.stdout.write(`no data of earlier releases are opened: ${missing} is missing\n`);

describe.skipIf(isSkipped).each(releases)('the data of %s', (version) => {
  let dir: string;
  let release: Release;
  let controller: ControllerProcess;
  let time: AtTime;
  let answers: Answers;
  let found: Listing;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-upgrade-'));
    release = await unpackRelease(version, dir);
    time = atTime(timeOfRelease(release.listing));
    controller = await ControllerProcess.start({ dataDir: join(dir, 'data'), env: time.env });
    answers = await askAt(time, controller, release);
    found = answers.listing;
  });
  afterAll(async () => {
    await controller?.close();
    await rm(dir, { recursive: true, force: true });
  });

  test('are all there and read the same', () => {
    expect(comparable(found)).toMatchObject(comparable(release.listing));
  });

  test('have every run with what it printed, content that is what its name says, and the recorded terminals', () => {
    expect(Object.keys(release.listing.work).length).toBeGreaterThan(0);
    expect(found).toMatchObject({ work: release.listing.work, content: release.listing.content });
    expect(found.recordings).toMatchObject(release.listing.recordings);
  });

  test('have an audit trail that is proven from its first row on, and goes on', () => {
    const { head, rows } = release.listing.audit;
    expect([answers.audit.first, answers.audit.problem]).toEqual([1, undefined]);
    expect(found.audit.rows).toBeGreaterThanOrEqual(rows);
    expect(answers.audit.row).toMatchObject({ seq: head.seq, hash: head.hash });
  });

  test('lie in files of which each names what bounds it', async () => {
    // stdout.log is the test's own.
    const entries = (await readdir(controller.dataDir)).filter((name) => name !== 'stdout.log');
    expect(entries.filter((name) => fileBounds[name.replace(/\.log\.\d+$/, '.log')] === undefined)).toEqual(
      [],
    );
  });

  test('have secrets that open, and people who sign in with what they had', async () => {
    const { user, password, totpSecret, recoveryCode } = release.secrets;
    expect([answers.sealed, answers.username]).toEqual(['of-the-release-4711', user]);
    process.env['DROVER_CONFIG'] = join(dir, 'config.json');
    await writeFile(join(dir, 'ca.pem'), controller.context.caPem);
    const signIn = ['login', controller.context.address, '--ca-file', join(dir, 'ca.pem'), '--user', user];
    const signInWith = (proof: string) =>
      drover(controller, signIn, { input: `${password}\n${proof}\n`, env: time.env });
    for (const proof of [codeOf(totpSecret, 0, time.nowMs()), recoveryCode])
      expect(await signInWith(proof)).toMatchObject({ code: 0 });
    const again = await signInWith(recoveryCode);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('password or code is wrong')]);
  });

  test('have a server whose agent, of then and of now, connects with its identity and works', async () => {
    const config = join(dir, 'agents/n1/config.json');
    const known: unknown = JSON.parse(await readFile(config, 'utf8'));
    const moved = { apiAddress: `127.0.0.1:${controller.port}`, agentPort: controller.agentPort };
    await writeFile(config, JSON.stringify({ ...(isPlainObject(known) ? known : {}), ...moved }));
    const { env } = time;
    const options = { context: controller.context, token: '', name: 'n1', dir: join(dir, 'agents'), env };
    for (const file of [join(dir, 'agents/n1/agent.py'), join(root, 'agent/drover_agent.py')]) {
      const agent = new AgentProcess({ ...options, file });
      agent.run();
      const ran = await drover(controller, ['run', '-n', 'n1', '--', 'echo', 'after the upgrade'], { env });
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('after the upgrade')]);
      await agent.end();
    }
  });
});

const refused = /^cannot open data directory [^\n]* a newer version of Drover \(schema 9999[^\n]*\n$/;
// What execFile rejects with.
const toRefusal = (error: unknown) => error as { readonly code: number; readonly stderr: string };

/** Path → sha256 of what is no lock and no log; drover.db-shm is an index of the log beside the database, made anew by who reads. */
const bytesOf = async (dir: string): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const data = entries.filter(
    (entry) => entry.isFile() && !/^(.*\.log|pid|lock\.db.*|.*-shm)$/.test(entry.name),
  );
  const found = data.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [
      path.slice(dir.length),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(found));
};

test('data of a newer version are refused in one line and left byte for byte, also after it was killed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-newer-'));
  await unpackRelease(releases.at(-1) ?? '', dir);
  const newer = new DatabaseSync(join(dir, 'data/drover.db'));
  // Not closed when it is copied: what it wrote last is in the log beside the database only, as after kill -9.
  newer.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 9999; CREATE TABLE of_tomorrow (x)');
  await cp(join(dir, 'data'), join(dir, 'killed'), { recursive: true });
  newer.close();
  await cp(join(dir, 'data.key'), join(dir, 'killed.key'));
  await rm(join(dir, 'killed/drover.db-shm'));
  for (const name of ['data', 'killed']) {
    const dataDir = join(dir, name);
    const before = await bytesOf(dataDir);
    const started = run(controllerFile, ['--data-dir', dataDir, '--host', '127.0.0.1', '--no-local-node']);
    const { code, stderr } = await started.then(() => ({ code: 0, stderr: '' }), toRefusal);
    expect([code, stderr]).toEqual([1, expect.stringMatching(refused)]);
    expect(await bytesOf(dataDir), name).toEqual(before);
  }
  await rm(dir, { recursive: true, force: true });
});
