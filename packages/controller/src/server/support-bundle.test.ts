// What a support bundle holds, as the real tar reads it, and what it never does.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { commandRunKind, eventKind, type Kind, nodeKind, secretKind } from '@drover/api';
import { destination } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../platform/log.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
let dir = '';

beforeEach(async () => {
  ground = await openGround();
  dir = await mkdtemp(join(tmpdir(), 'drover-support-'));
});
afterEach(async () => {
  await ground.close();
  await rm(dir, { recursive: true, force: true });
});

const log = (): string => join(ground.dataDir, 'controller.log');

/** Takes a bundle and unpacks it: its files by name. */
const take = async (): Promise<ReadonlyMap<string, string>> => {
  const archive = join(dir, 'x.tar.gz');
  await writeFile(archive, await buffer(ground.client.supportBundle()));
  const done = await promisify(execFile)('tar', ['-xzf', archive, '-C', dir]);
  expect(done.stderr).toBe('');
  const folder = (await readdir(dir)).find((name) => name.startsWith('drover-support-')) ?? '';
  const names = await readdir(join(dir, folder));
  const texts = names.map(async (name) => [name, await readFile(join(dir, folder, name), 'utf8')] as const);
  return new Map(await Promise.all(texts));
};

const create = (kind: Kind, namespace: string, object: Readonly<Record<string, unknown>>) =>
  ground.resources.create(kind, namespace, {
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    ...object,
  });

const newEvent = (name: string, message: string) =>
  create(eventKind, 'default', {
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'n1' },
    type: 'Warning',
    reason: 'Told',
    message,
    lastTimestamp: '2026-01-01T00:00:00Z',
  });

test('a bundle holds what its README names, each file whole', async () => {
  await create(nodeKind, '', { metadata: { name: 'n1', labels: { room: 'planted-label' } } });
  await newEvent('e1', 'the disk is full');
  await writeFile(log(), '{"level":"info","msg":"listening"}\n');
  const files = await take();

  const readme = files.get('README.txt') ?? '';
  expect([...files.keys()].sort()).toEqual([
    'README.txt',
    'audit.json',
    'configuration.json',
    'controller.log',
    'events.json',
    'metrics.txt',
    'nodes.json',
    'objects.json',
    'process.json',
    'status.json',
    'store.json',
    'versions.json',
    'work.json',
  ]);
  for (const name of files.keys()) expect(readme, name).toContain(name === 'README.txt' ? 'Not in it' : name);
  const json = (name: string): unknown => JSON.parse(files.get(name) ?? '');
  expect(json('nodes.json')).toMatchObject({ count: 1, ready: { Unknown: 1 }, items: [{ name: 'n1' }] });
  expect(json('objects.json')).toMatchObject({ nodes: 1, events: 1, 'commandruns.drover.dev': 0 });
  expect(json('events.json')).toMatchObject([{ about: { name: 'n1' }, message: 'the disk is full' }]);
  expect(json('store.json')).toMatchObject({ dataDirectory: { 'drover.db': { files: 1 } } });
  expect(json('process.json')).toMatchObject({ eventLoop: { delay: { p99_seconds: expect.any(Number) } } });
  expect(json('audit.json')).toMatchObject({ counted: expect.any(Number), decisions: expect.any(Object) });
  expect(json('versions.json')).toMatchObject({ node: process.versions.node });
  expect(files.get('metrics.txt')).toContain('drover_http_requests_total');
  expect(files.get('controller.log')).toContain('listening');
});

/** Plants secrets wherever this server keeps, reads or logs any; all hold the same word. */
const plant = async (word: string): Promise<void> => {
  const own = createLog({ destination: destination({ dest: log(), sync: true }) });
  own.info({ token: word, user: { password: word } }, 'signed in');
  await create(secretKind, 'default', {
    metadata: { name: 's', namespace: 'default', annotations: { note: word } },
    stringData: { text: word },
  });
  const script = { source: `echo ${word}\n` };
  await create(commandRunKind, 'default', {
    metadata: { name: 'r', namespace: 'default' },
    spec: { targets: { nodeSet: 'n1' }, script, env: { A: word }, stdin: word },
  });
  await newEvent('e', `cannot reach https://u:${word}@db, password=${word} --token ${word}`);
  await ground.client.http
    .json({ method: 'POST', path: '/auth/sign-in', body: { user: 'admin', password: word } })
    .catch(() => undefined);
  await ground.client.makeBackup({ passphrase: `${word}-${word}` });
  await ground.client.http.json({ path: '/version', headers: { cookie: `drover=${word}` } });
};

test('no secret of any kind is in a bundle', async () => {
  const word = 'planted-4711';
  await plant(word);
  const files = await take();

  const { token, dataDir } = ground;
  const key = (await readFile(join(dataDir, 'test.key'))).toString('latin1').trim();
  const needles = [word, Buffer.from(word).toString('base64'), token, token.split('.')[1] ?? token, key];
  for (const [name, text] of files) {
    expect(
      needles.filter((needle) => text.includes(needle)),
      name,
    ).toEqual([]);
    expect(text, name).not.toContain('PRIVATE KEY');
  }
  expect(JSON.parse(files.get('objects.json') ?? '')).toMatchObject({ secrets: 1 });
  expect(files.get('events.json')).toContain('cannot reach https://u:***@db, password=***');
  expect(files.get('controller.log')).toContain('[secret]');
});

test('what cannot be read says why, and the rest is there', async () => {
  const files = await take();

  expect(files.get('controller.log.error.txt')).toMatch(/^cannot read controller\.log: ENOENT/);
  expect(files.has('versions.json')).toBe(true);
});

test('of a long log the last 2 MiB are in it, from the beginning of a line', async () => {
  const line = `${JSON.stringify({ level: 'info', msg: 'x'.repeat(1_000) })}\n`;
  await writeFile(log(), `${line.repeat(3_000)}{"msg":"last"}\n`);
  const tail = (await take()).get('controller.log') ?? '';

  expect(tail.length).toBeLessThanOrEqual(2 * 1024 * 1024);
  expect(tail.length).toBeGreaterThan(2_000_000);
  expect(tail.startsWith('{"level"')).toBe(true);
  expect(tail.endsWith('{"msg":"last"}\n')).toBe(true);
});

test('the trail says who took a bundle; who is no administrator may not, whatever ready role they have', async () => {
  await take();
  for (const role of ['view', 'edit', 'admin', 'operator']) {
    await ground.client.http.json({
      method: 'POST',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      body: {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `u-${role}` }],
      },
    });
    const headers = { 'impersonate-user': `u-${role}` };
    const asked = ground.client.http.json({ method: 'POST', path: '/support-bundle', headers });
    await expect(asked, role).rejects.toMatchObject({ reason: 'Forbidden', code: 403 });
  }
  const { items } = await ground.client.audit.page({ resource: 'support-bundle' });
  expect(items.map(({ user, decision, code }) => [user, decision, code])).toEqual([
    ...['operator', 'admin', 'edit', 'view'].map((role) => [`u-${role}`, 'deny', 403]),
    ['admin', 'allow', 200],
  ]);
});
