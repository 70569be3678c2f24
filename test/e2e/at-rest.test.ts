// Secrets at rest: whatever is written, changed, deleted, rotated or killed, no file of the data directory tells a secret,
// and the data open with their key only.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, secrets } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAuthority } from '../../packages/controller/src/auth/authority.ts';
import { systemClock } from '../../packages/controller/src/platform/clock.ts';
import { silentLog } from '../../packages/controller/src/platform/log.ts';
import { openStore } from '../../packages/controller/src/store/index.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess, controllerFile } from '../harness/controller.ts';
import { keptFilesOf } from '../harness/key-files.ts';
import { Planted } from '../harness/planted.ts';
import { freePort } from '../harness/ports.ts';
import { rowsInDatabase } from '../harness/rows.ts';
import { waitFor } from '../harness/wait.ts';

/** Every planted secret begins so, and as base64 with what the first 9 bytes give. */
const planted = 'planted-4711-';
/** These are looked for in whatever the controller tells, not only in its files. */
const whole = new Planted();
const needles = [planted, Buffer.from('planted-4').toString('base64'), 'PRIVATE KEY'];

let dir: string;
let controller: ControllerProcess;
let client: Client;

const connect = (): void => {
  client?.close();
  client = createClient(controller.context);
};
const must = async (...args: readonly string[]): Promise<string> => {
  const done = await drover(controller, args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-at-rest-'));
  const dataDir = join(dir, 'data');
  await mkdir(dataDir);
  controller = await ControllerProcess.start({ dataDir });
  connect();
});
afterAll(async () => {
  client?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

const filesBelow = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

const needlesIn = (place: string, bytes: Buffer | string): readonly string[] =>
  needles.filter((needle) => bytes.includes(needle)).map((needle) => `${place}: ${needle}`);

/** 'file: what' for every needle in every file of the data directory, and in every table of the database. */
const told = async (of: Pick<ControllerProcess, 'dataDir' | 'storeUrl'> = controller) => {
  const found: string[] = [];
  for (const path of await filesBelow(of.dataDir)) {
    // One that is written anew has another name for a moment.
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return '';
    });
    found.push(...needlesIn(path, bytes));
  }
  for (const [table, text] of Object.entries(await rowsInDatabase(of))) found.push(...needlesIn(table, text));
  return found;
};

const toSecret = (name: string, text: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"stringData":"${text}"}` },
  },
  stringData: { text },
});

whole.plant('the beginning of a secret', planted);

const textOf = (data: Readonly<Record<string, string>> | undefined): string =>
  Buffer.from(data?.['text'] ?? '', 'base64').toString();

test('what is written, changed and deleted is served as ever, and no file tells it', async () => {
  for (const name of ['a', 'b', 'c']) await client.create(secrets, toSecret(name, `${planted}${name}`));
  await client.update(secrets, 'a', toSecret('a', `${planted}new`));
  const body = { stringData: { text: `${planted}patched` } };
  await client.patch(secrets, 'b', { type: 'merge', body });
  await client.delete(secrets, 'c');

  const { items } = await client.list(secrets, { namespace: 'default' });
  expect(items.map(({ data }) => textOf(data))).toEqual([`${planted}new`, `${planted}patched`]);
  expect(await told()).toEqual([]);
});

test('a rotation that is killed half-way goes on at the next start, and leaves nothing behind', async () => {
  const filler = randomBytes(30_000).toString('hex');
  const names = Array.from({ length: 200 }, (_, i) => `bulk-${i}`);
  await Promise.all(names.map((name) => client.create(secrets, toSecret(name, `${planted}${filler}`))));
  await must('secrets', 'rotate-key', '--detach');
  await waitFor('the rotation to be half-way', async () => {
    const { rotation } = await client.encryption();
    return rotation !== undefined && rotation.done > 0;
  });
  await controller.kill9();
  const keyring = await (await keptFilesOf(controller)).read('keys/secrets.json');
  const kept = JSON.parse(keyring ?? '{}') as { readonly dataKeys: readonly unknown[] };
  expect(kept.dataKeys).toHaveLength(2);
  expect(await told()).toEqual([]);

  await controller.start();
  connect();
  await waitFor('the rotation to end', async () => (await client.encryption()).rotation === undefined);
  expect((await client.encryption()).dataKeys.map(({ number }) => number)).toEqual([2]);
  for (const name of ['bulk-0', 'bulk-199'])
    expect(textOf((await client.get(secrets, name)).data)).toBe(`${planted}${filler}`);
  expect(await told()).toEqual([]);
});

/** How a start on these data ends that is refused. */
const refusedStart = async (
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly output: string }> => {
  const ports = ['--port', String(await freePort()), '--agent-port', String(await freePort())];
  const { dataDir, storeUrl } = controller;
  const store = storeUrl === undefined ? [] : ['--store', storeUrl];
  const fixed = ['--data-dir', dataDir, ...store, '--host', '127.0.0.1', '--no-local-node'];
  return new Promise((resolve) => {
    execFile(controllerFile, [...fixed, ...ports, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
};

/** All rows, and all files but logs, locks and the pid, which every start touches. */
const contents = async (): Promise<Readonly<Record<string, string>>> => {
  const paths = (await filesBelow(controller.dataDir)).filter((path) => !/\.log$|lock\.db|\/pid$/.test(path));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'base64')));
  const files = Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
  return { ...files, ...(await rowsInDatabase(controller)) };
};

test('without its key, or with another one, the data are refused in one line and left as they are', async () => {
  const other = join(dir, 'other.key');
  await writeFile(other, randomBytes(32).toString('base64'), { mode: 0o600 });
  await controller.stop();
  const before = await contents();

  const wrong = await refusedStart('--secrets-key-file', other);
  await rename(controller.keyFile, `${controller.keyFile}.away`);
  const missing = await refusedStart();
  await rename(`${controller.keyFile}.away`, controller.keyFile);

  expect([wrong.code, missing.code]).toEqual([1, 1]);
  expect(wrong.output).toMatch(
    /^cannot open the secrets of .* give (the right key|every controller of it the same key) \(nothing was changed\)\n$/,
  );
  expect(missing.output).toMatch(/^cannot use the key file .*: it is not there; put it back .*\n$/);
  expect(await contents()).toEqual(before);
  await controller.start();
  connect();
  expect(textOf((await client.get(secrets, 'a')).data)).toBe(`${planted}new`);
});

test('the key-encryption key is changed while running, and the old one opens nothing any more', async () => {
  const passphrase = join(dir, 'passphrase');
  const words = whole.plant('the passphrase of the keyring', 'correct horse battery staple');
  await writeFile(passphrase, `${words}\n`, { mode: 0o600 });

  expect(await must('secrets', 'rotate-key', '--new-passphrase-file', passphrase)).toContain('data key 3');

  whole.plant('the key before', (await readFile(controller.keyFile, 'utf8')).trim());
  expect(await must('secrets', 'status')).toContain(`Under:     the passphrase in ${passphrase}`);
  await controller.stop();
  expect((await refusedStart('--secrets-key-file', controller.keyFile)).code).toBe(1);
  await controller.start();
  connect();
  expect(textOf((await client.get(secrets, 'a')).data)).toBe(`${planted}new`);
  whole.plant('the token of the administrator', controller.context.token);
  expect(await whole.toldBy(controller)).toEqual([]);
});

test('a data directory that was plain is sealed at its first start, and trusted as before', async () => {
  const dataDir = join(dir, 'plain');
  const store = await openStore({ dataDir, url: undefined, clock: systemClock, log: silentLog });
  const { caPin } = await openAuthority({ store, clock: systemClock, dataDir });
  const uid = 'uid-old';
  const object = toSecret('old', `${planted}old`);
  const metadata = {
    ...object.metadata,
    namespace: 'default',
    uid,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  const data = { text: Buffer.from(`${planted}old`).toString('base64') };
  const value = { apiVersion: 'v1', kind: 'Secret', metadata, data, type: 'Opaque' };
  const key = { resource: 'secrets', namespace: 'default', name: 'old' };
  await store.objects.write([{ ...key, type: 'created', value }]);
  await store.close();
  expect((await told({ dataDir, storeUrl: undefined })).length).toBeGreaterThan(2);

  // Only directories have ever been plain.
  const upgraded = await ControllerProcess.start({ dataDir, store: null });
  const reader = createClient(upgraded.context);
  try {
    expect(textOf((await reader.get(secrets, 'old')).data)).toBe(`${planted}old`);
    expect(upgraded.output()).toContain(caPin);
    expect(await told(upgraded)).toEqual([]);
  } finally {
    reader.close();
    await upgraded.close();
  }
});
