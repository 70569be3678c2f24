import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { parseRange } from './byte-range.ts';
import { createContentHandler } from './content.ts';
import { agentFile, type Ground, openGround } from './test-ground.ts';

let ground: Ground;
let server: Server;
let base = '';
beforeAll(async () => {
  ground = await openGround();
  server = createServer(createContentHandler({ store: ground.store, clock: systemClock, log: silentLog }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // listen() on a TCP address gives an AddressInfo.
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await ground.close();
});

// What these answers hold is what the tests are about.
const json = async (answer: Response): Promise<Readonly<Record<string, unknown>>> =>
  (await answer.json()) as Readonly<Record<string, unknown>>;
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const post = (path: string, body: unknown) =>
  fetch(base + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
const begin = async (sizeBytes: number): Promise<string> =>
  String((await json(await post('/content/uploads', { sizeBytes })))['id']);
const put = (id: string, offset: number, body: Uint8Array<ArrayBuffer>) =>
  fetch(`${base}/content/uploads/${id}?offset=${offset}`, { method: 'PUT', body });
const upload = async (data: Buffer<ArrayBuffer>): Promise<string> => {
  const id = await begin(data.length);
  await put(id, 0, data);
  expect((await post(`/content/uploads/${id}/finish`, { sha256: sha256(data) })).status).toBe(200);
  return sha256(data);
};

describe('uploads', () => {
  it('what is there already need not be sent: its index is the answer', async () => {
    const data = randomBytes(1_000);
    const hash = sha256(data);
    const wish = { sizeBytes: data.length, sha256: hash };
    const first = await post('/content/uploads', wish);
    expect([first.status, Object.keys(await json(first))]).toEqual([201, ['id']]);
    await upload(data);
    const second = await post('/content/uploads', wish);
    expect([second.status, await json(second)]).toMatchObject([200, wish]);
    expect((await post('/content/uploads', { ...wish, sha256: 7 })).status).toBe(400);
  });

  it('an upload that was cut goes on from where it stood', async () => {
    const data = randomBytes(3_000_000);
    const id = await begin(data.length);
    expect(await (await put(id, 0, data.subarray(0, 1_000_000))).json()).toEqual({ offset: 1_000_000 });
    const early = await put(id, 5, data.subarray(5));
    expect([early.status, (await json(early))['offset']]).toEqual([409, 1_000_000]);
    expect(await (await fetch(`${base}/content/uploads/${id}`)).json()).toEqual({ offset: 1_000_000 });
    await put(id, 1_000_000, data.subarray(1_000_000));
    const finish = await post(`/content/uploads/${id}/finish`, { sha256: sha256(data) });
    const index = await finish.json();
    expect(index).toMatchObject({ sha256: sha256(data), sizeBytes: data.length });
    expect(await (await fetch(`${base}/content/${sha256(data)}/index`)).json()).toEqual(index);
  });

  it('an upload that must end is answered with what to do, keeps what came, and goes on from there', async () => {
    const data = randomBytes(3_000_000);
    const id = await begin(data.length);
    const ends = new AbortController();
    const handler = createContentHandler({ store: ground.store, clock: systemClock, log: silentLog });
    const leaving = createServer((request, response) => handler(request, response, ends.signal));
    await new Promise<void>((resolve) => leaving.listen(0, '127.0.0.1', resolve));
    const { port } = leaving.address() as AddressInfo; // as above
    const outgoing = httpRequest({ port, method: 'PUT', path: `/content/uploads/${id}?offset=0` });
    outgoing.write(data.subarray(0, 1_000_000));
    await expect.poll(() => ground.store.blobs.uploadOffset(id)).toBeGreaterThan(500_000);
    ends.abort();
    outgoing.write(data.subarray(1_000_000, 1_000_001));
    const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    outgoing.destroy();
    const { offset } = (await json(await fetch(`${base}/content/uploads/${id}`))) as { offset: number };
    expect(offset).toBe(1_000_001);
    await put(id, offset, data.subarray(offset));
    expect((await post(`/content/uploads/${id}/finish`, { sha256: sha256(data) })).status).toBe(200);
    leaving.close();
  });

  it.each([
    ['POST', '/content/uploads', 'not json', 400],
    ['POST', '/content/uploads', '{"sizeBytes":"x"}', 400],
    ['POST', '/content/uploads', `{"sizeBytes":${2 ** 52}}`, 507],
    ['POST', '/content/uploads', 'x'.repeat(20_000), 413],
    ['PUT', '/content/uploads/nosuch?offset=0', 'x', 404],
    ['PUT', '/content/uploads/nosuch?offset=-1', 'x', 400],
    ['GET', '/content/uploads/nosuch', undefined, 404],
    ['GET', `/content/${'0'.repeat(64)}`, undefined, 404],
    ['HEAD', `/content/${'0'.repeat(64)}`, undefined, 404],
    ['GET', '/content/../../etc/passwd', undefined, 404],
    ['DELETE', `/content/${'0'.repeat(64)}`, undefined, 405],
    ['GET', '/content/%', undefined, 404],
  ])('%s %s is refused with %4$s', async (method, path, body, status) => {
    const answer = await fetch(base + path, { method, ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(status);
    if (method !== 'HEAD' && answer.headers.get('content-type') === 'application/json') {
      expect((await json(answer))['message']).toMatch(/^cannot /);
    }
  });

  it('content with another hash than promised is refused', async () => {
    const id = await begin(3);
    await put(id, 0, Buffer.from('abc'));
    const answer = await post(`/content/uploads/${id}/finish`, { sha256: sha256(Buffer.from('abd')) });
    expect(answer.status).toBe(422);
  });
});

describe('downloads', () => {
  const data = randomBytes(5 * 1024 * 1024 + 17);
  let hash = '';
  beforeAll(async () => {
    hash = await upload(data);
  });
  const get = (range?: string, extra: Readonly<Record<string, string>> = {}) =>
    fetch(`${base}/content/${hash}`, { headers: { ...(range ? { range } : {}), ...extra } });

  it('the whole comes through, HEAD tells its size', async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(data)).toBe(true);
    const head = await fetch(`${base}/content/${hash}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(data.length)]);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=1048570-1048590', 1048570, 1048591],
    ['bytes=4000000-', 4000000, data.length],
    ['bytes=-17', data.length - 17, data.length],
    ['bytes=5-999999999999', 5, data.length],
  ])('range %s', async (range, start, end) => {
    const answer = await get(range);
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${data.length}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(data.subarray(start, end))).toBe(true);
  });

  it('ranges that cannot be, and If-Range of something else', async () => {
    const beyond = await get(`bytes=${data.length}-`);
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${data.length}`]);
    expect((await get('bytes=5-1')).status).toBe(200);
    expect((await get('bytes=0-1,3-4')).status).toBe(200);
    expect((await get('bytes=0-1', { 'if-range': '"other"' })).status).toBe(200);
    expect((await get('bytes=0-1', { 'if-range': `"${hash}"` })).status).toBe(206);
  });

  it('empty content is content', async () => {
    const empty = await upload(Buffer.alloc(0));
    const answer = await fetch(`${base}/content/${empty}`);
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, 0]);
  });

  it('readers that go away in the middle leave nothing open', async () => {
    for (let i = 0; i < 20; i++) {
      const stop = new AbortController();
      const answer = await fetch(`${base}/content/${hash}`, { signal: stop.signal });
      await answer.body?.getReader().read();
      stop.abort();
    }
    expect(Buffer.from(await (await get()).arrayBuffer()).equals(data)).toBe(true);
  });

  it('a range is what a string slice would be', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.nat(60), (size, from, to) => {
        const range = parseRange(`bytes=${from}-${to}`, size);
        if (to < from) expect(range).toBe('whole');
        else if (from >= size) expect(range).toBe('unsatisfiable');
        else expect(range).toEqual({ start: from, end: Math.min(to, size - 1) });
      }),
    );
  });

  it('a node fetches content and the agent file on the agent port, until its certificate is revoked', async () => {
    const { keyPem: key, certPem: cert } = await ground.identity('n9');
    const fetchAsNode = (path: string) =>
      new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
        const options = {
          port: ground.gateway.port,
          host: '127.0.0.1',
          path,
          key,
          cert,
          ca: ground.authority.caPem,
        };
        const asked = httpsRequest({ ...options, agent: false }, async (answer) => {
          resolve({ status: answer.statusCode ?? 0, body: await buffer(answer) });
        });
        asked.on('error', reject).end();
      });
    expect((await fetchAsNode(`/content/${hash}`)).body.equals(data)).toBe(true);
    expect(await fetchAsNode(`/agent/${agentFile.sha256}`)).toEqual({
      status: 200,
      body: Buffer.from(agentFile.bytes),
    });
    expect((await fetchAsNode(`/agent/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await fetchAsNode('//')).status).toBe(404);
    await ground.store.credentials.revokeCertificates('node:n9', systemClock.nowMs());
    await expect(fetchAsNode(`/content/${hash}`)).rejects.toThrow();
  });
});
