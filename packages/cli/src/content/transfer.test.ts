import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { formatManifest, type ManifestEntry } from '@drover/client/manifest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, sendStatus, startFakeController } from '../testing/fake-controller.ts';
import { scriptWork } from '../testing/fake-work.ts';

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const at = (name: string) => join(fake.directory, name);

beforeEach(async () => {
  fake = await startFakeController();
});
afterEach(() => fake.close());

/** Keeps blobs as docs/protocol.md says; `onPut` may refuse a request. */
const scriptContent = (onPut: (count: number) => boolean = () => true) => {
  const blobs = new Map<string, Buffer>();
  const uploads: Buffer[] = [];
  let puts = 0;
  const idOf = (path: string) => Number(path.split('/')[3]);
  fake.on('HEAD', '/content/*', (request, response) => {
    response.writeHead(blobs.has(request.path.split('/')[2] ?? '') ? 200 : 404).end();
  });
  fake.on('GET', '/content/*', (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const data = blobs.get(request.path.split('/')[2] ?? '');
    if (data === undefined) sendStatus(response, 404, 'NotFound', 'cannot find it: absent');
    else response.writeHead(from > 0 ? 206 : 200).end(data.subarray(from));
  });
  fake.on('POST', '/content/uploads', () => ({ id: String(uploads.push(Buffer.alloc(0)) - 1) }));
  fake.on('GET', '/content/uploads/*', (request) => ({ offset: uploads[idOf(request.path)]?.length }));
  fake.on('PUT', '/content/uploads/*', (request, response) => {
    const id = idOf(request.path);
    const before = uploads[id] ?? Buffer.alloc(0);
    if (Number(request.query['offset']) !== before.length)
      return sendStatus(response, 409, 'Conflict', 'cannot append: wrong offset');
    const body = request.body as Buffer;
    puts += 1;
    const whole = onPut(puts);
    uploads[id] = Buffer.concat([before, whole ? body : body.subarray(0, body.length / 2)]);
    if (!whole) return void response.destroy();
    return { offset: uploads[id]?.length };
  });
  fake.on('POST', '/content/uploads/*/finish', (request) => {
    const data = uploads[idOf(request.path)] ?? Buffer.alloc(0);
    blobs.set((request.body as { sha256: string }).sha256, data);
    return {};
  });
  return { blobs, puts: () => puts };
};

const succeed = (detail: unknown) => (work: Parameters<Parameters<typeof scriptWork>[2]>[0]) => {
  work.task('web1', 'exited', { exitCode: 0, detail });
  work.end('Succeeded');
};

describe('drover push', () => {
  test('content and manifest arrive whole although the connection was cut in the middle', async () => {
    const { blobs } = scriptContent((count) => count !== 1);
    const work = scriptWork(fake, 'filetransfers', succeed({ changed: true }));
    const data = Buffer.from('0123456789'.repeat(10_000));
    fs.writeFileSync(at('big'), data);
    const done = await drover(['push', '-n', 'web1', 'big', ':/srv/'], home());
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('1 node: 1 ok')]);
    expect(blobs.get(sha256(data))?.equals(data)).toBe(true);
    const spec = work.posted()?.['spec'] as { manifest: string; path: string };
    expect(spec.path).toBe('/srv/big');
    expect(sha256(blobs.get(spec.manifest) ?? Buffer.alloc(0))).toBe(spec.manifest);
  });

  test('what the controller has already is not sent again', async () => {
    const { puts } = scriptContent();
    scriptWork(fake, 'filetransfers', succeed({}));
    fs.writeFileSync(at('file'), 'same');
    await drover(['push', '-n', 'web1', 'file', ':/srv/file'], home());
    const first = puts();
    await drover(['push', '-n', 'web1', 'file', ':/srv/file'], home());
    expect([first, puts()]).toEqual([2, 2]);
  });

  test('--check shows the differences once for all nodes that have them', async () => {
    scriptContent();
    const changes = [{ path: '', action: 'update', diff: '--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n' }];
    scriptWork(fake, 'filetransfers', (work) => {
      work.task('web1', 'exited', { exitCode: 0, detail: { changed: true, changes } });
      work.task('web2', 'exited', { exitCode: 0, detail: { changed: true, changes } });
      work.task('web3', 'exited', { exitCode: 0, detail: { changed: false, changes: [] } });
      work.end('Succeeded');
    });
    fs.writeFileSync(at('file'), 'new\n');
    const done = await drover(['push', '-n', '*', '--check', 'file', ':/etc/motd'], home());
    expect(done.stdout).toBe(
      'web[1-2] (2):\n  /etc/motd: would be updated\n--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\nweb3 (1): nothing would change\n',
    );
  });

  test.each([
    [['file', '/srv/file'], "':/absolute/path'"],
    [[':/srv/file'], 'cannot push nothing'],
    [['a', 'b', ':/srv/x'], "end it with '/'"],
    [['no-such-file', ':/srv/'], 'cannot read no-such-file'],
  ])('%j is refused', async (words, why) => {
    const done = await drover(['push', '-n', '*', ...words], home());
    expect([done.code, done.stderr]).toEqual([expect.any(Number), expect.stringContaining(why)]);
    expect(done.code).not.toBe(0);
  });
});

describe('drover pull', () => {
  const entry = (more: Partial<ManifestEntry>): ManifestEntry => ({
    path: '',
    type: 'directory',
    mode: '0750',
    mtimeMs: 1_600_000_000_000,
    ...more,
  });

  const offer = (entries: readonly ManifestEntry[], content: Buffer) => {
    const { blobs } = scriptContent();
    const hash = content.length === 0 ? '' : sha256(content);
    const root = entries[0]?.type === 'file' ? 'file' : 'directory';
    const head = {
      version: 1,
      root,
      content: hash,
      sizeBytes: content.length,
      entries: entries.length,
    } as const;
    const manifest = Buffer.from(formatManifest(head, entries));
    blobs.set(sha256(manifest), manifest);
    blobs.set(hash, content);
    const detail = {
      manifest: sha256(manifest),
      files: entries.length,
      sizeBytes: content.length,
      refused: [],
    };
    scriptWork(fake, 'filetransfers', succeed(detail));
  };

  test('a tree comes into a directory of its node with modes, times, links, odd names and holes', async () => {
    const content = Buffer.from('alphabeta');
    offer(
      [
        entry({}),
        entry({
          path: 'a%0A%FF',
          type: 'file',
          mode: '0640',
          size: 5,
          offset: 0,
          sha256: sha256(Buffer.from('alpha')),
        }),
        entry({ path: 'link', type: 'symlink', mode: '0777', target: '../else where' }),
        entry({
          path: 'sparse',
          type: 'file',
          mode: '4755',
          size: 1 << 20,
          dataSize: 4,
          offset: 5,
          extents: [[8192, 4]],
          sha256: sha256(Buffer.from('beta')),
        }),
      ],
      content,
    );
    const done = await drover(['pull', '-n', 'web1', '/srv/tree', 'back'], home());
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('1 node: 1 ok')]);
    const odd = Buffer.concat([Buffer.from(at('back/web1/tree/a\n')), Buffer.from([0xff])]);
    expect(fs.readFileSync(odd, 'utf8')).toBe('alpha');
    expect(fs.statSync(odd).mode & 0o7777).toBe(0o640);
    expect(fs.statSync(odd).mtimeMs).toBe(1_600_000_000_000);
    expect(fs.readlinkSync(at('back/web1/tree/link'))).toBe('../else where');
    const sparse = fs.statSync(at('back/web1/tree/sparse'));
    expect([sparse.size, sparse.mode & 0o7777, sparse.blocks < 100]).toEqual([1 << 20, 0o755, true]);
    expect(fs.readFileSync(at('back/web1/tree/sparse')).subarray(8192, 8196).toString()).toBe('beta');
  });

  test('nothing is written through a symlink that lies in the way', async () => {
    const content = Buffer.from('x');
    const file = entry({ path: 'd/f', type: 'file', size: 1, offset: 0, sha256: sha256(content) });
    offer([entry({}), entry({ path: 'd' }), file], content);
    fs.mkdirSync(at('outside'));
    fs.mkdirSync(at('back/web1/tree'), { recursive: true });
    fs.symlinkSync(at('outside'), at('back/web1/tree/d'));
    const done = await drover(['pull', '-n', 'web1', '/srv/tree', 'back'], home());
    expect([done.code, done.stderr]).toEqual([
      1,
      expect.stringContaining('something that is no directory is there'),
    ]);
    expect(fs.readdirSync(at('outside'))).toEqual([]);
  });

  test('data that is not what was announced is refused and leaves no file', async () => {
    const file = entry({ type: 'file', size: 5, offset: 0, sha256: sha256(Buffer.from('other')) });
    offer([file], Buffer.from('alpha'));
    const done = await drover(['pull', '-n', 'web1', '/srv/file', 'back'], home());
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('sha256 differs')]);
    expect(fs.readdirSync(at('back/web1'))).toEqual([]);
  });
});
