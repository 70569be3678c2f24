// Two controllers on one PostgreSQL database: one keyring, one certificate authority, one content, one list of recordings. Each may
// be killed, or lose its disk: nothing that was acknowledged is lost.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, secrets } from '@drover/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess, caPin } from '../harness/agents.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { freshSchema, missingForPostgres } from '../harness/postgres.ts';
import { Pty } from '../harness/pty.ts';
import { waitFor } from '../harness/wait.ts';

const missing = missingForPostgres();

let dir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
let a: ControllerProcess;
let b: ControllerProcess;
let agent: AgentProcess;

/** With an empty data directory. */
const start = async (name: string): Promise<ControllerProcess> => {
  const dataDir = join(dir, name);
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir);
  const args = ['--secrets-key-file', join(dir, 'drover.key')];
  return ControllerProcess.start({ dataDir, store: place.url, args });
};
const must = async (controller: ControllerProcess, ...args: string[]): Promise<string> => {
  const done = await drover(controller, args, { cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};
const joinAgent = async (controller: ControllerProcess): Promise<AgentProcess> => {
  const token = /DROVER_TOKEN=(\S+)/.exec(await must(controller, 'token', 'create'))?.[1] ?? '';
  const joined = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await joined.join();
  await waitFor('the node to be ready', async () => /\bReady\b/.test(await must(controller, 'get', 'nodes')));
  return joined;
};
const upload = async (controller: ControllerProcess, data: Buffer): Promise<void> => {
  const client = createClient(controller.context);
  const read = async function* (offset: number): AsyncGenerator<Uint8Array> {
    yield data.subarray(offset);
  };
  await client.content.upload({ sizeBytes: data.length, sha256: sha256(data), read }).finally(client.close);
};
const downloaded = async (controller: ControllerProcess, hash: string): Promise<Buffer> => {
  const client = createClient(controller.context);
  const parts: Uint8Array[] = [];
  for await (const part of client.content.download(hash)) parts.push(part);
  client.close();
  return Buffer.concat(parts);
};
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const content = randomBytes(20_000_000);

describe.skipIf(missing !== undefined && process.env['CI'] !== 'true')('two controllers', () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-shared-'));
    place = await freshSchema();
    await writeFile(join(dir, 'drover.key'), randomBytes(32), { mode: 0o600 });
    await writeFile(join(dir, 'content'), content);
    [a, b] = await Promise.all([start('a'), start('b')]);
  }, 120_000);
  afterAll(async () => {
    await agent?.close();
    await Promise.all([a?.close(), b?.close()]);
    await place?.drop();
    await rm(dir, { recursive: true, force: true });
  });

  test('that begin at once on an empty database are one authority, each with a certificate of its own', async () => {
    expect(caPin(a.context)).toBe(caPin(b.context));
    await must(a, 'get', 'nodes');
    await must(b, 'get', 'nodes');
    expect(existsSync(join(a.dataDir, 'keys/ca.pem'))).toBe(false);
    const [one, other] = await Promise.all(
      [a, b].map(({ dataDir }) => readFile(join(dataDir, 'keys/server.pem'))),
    );
    expect(one).not.toEqual(other);
  });

  test('give what the other has taken, also when that was killed and has lost its disk', async () => {
    await upload(a, content);
    await a.kill9();
    expect((await downloaded(b, sha256(content))).equals(content)).toBe(true);
    const more = Buffer.from('uploaded while the other was away');
    await upload(b, more);

    a = await start('a');

    expect(caPin(a.context)).toBe(caPin(b.context));
    expect((await downloaded(a, sha256(content))).equals(content)).toBe(true);
    expect((await downloaded(a, sha256(more))).equals(more)).toBe(true);
  });

  test('have the same secrets under the same data keys, whichever rotates them', async () => {
    const client = createClient(a.context);
    const other = createClient(b.context);
    const body = (name: string) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
      stringData: { text: 'planted' },
    });
    await client.create(secrets, body('before'));
    await must(b, 'secrets', 'rotate-key');
    await client.create(secrets, body('after'));

    for (const name of ['before', 'after'])
      expect((await other.get(secrets, name)).data).toEqual({ text: 'cGxhbnRlZA==' });
    for (const one of [client, other])
      expect((await one.encryption()).dataKeys.map(({ number }) => number)).toEqual([2]);
    client.close();
    other.close();
  });

  test('list and play what was seen in a shell at another, up to where that was killed', async () => {
    await b.stop();
    agent = await joinAgent(a);
    const pty = Pty.drover(a, 'shell', 'n1', '--', 'sh');
    pty.type('echo seen-$((6 * 7))\r');
    await pty.shows(/seen-42/);
    await a.kill9();
    pty.close();
    await b.start();

    const [recording] = JSON.parse(await must(b, 'recordings', 'list', '-o', 'json')) as { id: string }[];
    const client = createClient(b.context);
    let text = '';
    for await (const part of client.recording(recording?.id ?? '')) text += Buffer.from(part).toString();
    client.close();
    expect(text).toContain('seen-42');
  });

  test('do not begin with another key than the database has, and say so in one line', async () => {
    const [key, dataDir] = [join(dir, 'other.key'), join(dir, 'c')];
    await writeFile(key, randomBytes(32), { mode: 0o600 });
    await mkdir(dataDir);

    const starting = spawnSync(
      controllerFile,
      ['--data-dir', dataDir, '--store', place.url, '--secrets-key-file', key],
      { encoding: 'utf8' },
    );

    expect(starting.status).toBe(1);
    expect(starting.stderr).toMatch(
      /^cannot open the secrets of postgres:.*other\.key does not open .* give every controller of it the same key.*\n$/,
    );
  });
});
