// Answers that go on, in WebSockets.
import { configMaps } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

interface Line {
  readonly type: string;
  readonly object: { readonly kind?: string; readonly metadata?: { readonly name?: string } };
}

const open = (
  path: string,
  headers: Record<string, string> = {},
  protocol: string | string[] = 'lines.drover.dev',
) =>
  new WebSocket(`${ground.address.replace('https', 'wss')}${path}`, protocol, {
    ca: ground.caPem,
    headers: { authorization: `Bearer ${ground.token}`, ...headers },
  });

const next = (socket: WebSocket): Promise<Line> =>
  new Promise((resolve, reject) => {
    socket.once('message', (data) => resolve(JSON.parse(String(data))));
    socket.once('error', reject);
  });

/** The code and body of the answer in place of an upgrade. */
const refused = (socket: WebSocket): Promise<{ code: number; body: string }> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('it was upgraded')));
    socket.once('unexpected-response', (_request, answer) => {
      let body = '';
      answer.on('data', (part) => {
        body += part;
      });
      answer.once('end', () => resolve({ code: answer.statusCode ?? 0, body }));
    });
  });

const make = (name: string, data: Record<string, string> = {}) =>
  ground.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

/** What is there at first, as it came: messages, each of whole lines. */
const initialMessages = (protocol: string | string[]): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const path = '/api/v1/namespaces/default/configmaps?watch=1&sendInitialEvents=1';
    const more = '&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1';
    const socket = open(`${path}${more}`, {}, protocol);
    const messages: string[] = [];
    socket.on('error', reject);
    socket.on('message', (data) => {
      messages.push(String(data));
      if (!String(data).includes('initial-events-end')) return;
      socket.terminate();
      resolve(messages);
    });
  });

const toEvents = (message: string): readonly Line[] =>
  message.split('\n').map((line): Line => JSON.parse(line));

test('a watch sends each event as a message, and ends with the socket', async () => {
  const socket = open('/api/v1/namespaces/default/configmaps?watch=1');
  const first = next(socket);
  await new Promise((resolve) => socket.once('open', resolve));
  await make('in-a-socket');
  const event = await first;
  expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'in-a-socket' } } });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
});

test('a watch as a table is asked for by subprotocol', async () => {
  const socket = open('/api/v1/namespaces/default/configmaps?watch=1', {}, 'table.drover.dev');
  const first = next(socket);
  await new Promise((resolve) => socket.once('open', resolve));
  await make('in-a-table');
  expect((await first).object.kind).toBe('Table');
  socket.terminate();
});

test('lines that are written together share messages of at most 64 KiB', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `shared-${String(index).padStart(2, '0')}`);
  for (const name of names) await make(name, { text: 'x'.repeat(name.endsWith('7') ? 70_000 : 5_000) });
  const messages = await initialMessages('lines.drover.dev');
  const seen = messages.flatMap(toEvents).map(({ object }) => object.metadata?.name ?? '');
  expect(seen.filter((name) => name.startsWith('shared-'))).toEqual(names);
  expect(messages.length).toBeLessThan(names.length / 2);
  for (const message of messages)
    expect(toEvents(message).length === 1 || message.length <= 64 * 1024).toBe(true);
  const plain = await initialMessages([]);
  expect(plain.map((message) => toEvents(message).length)).toEqual(plain.map(() => 1));
});

test('who is not known, or may not, is refused as without a socket', async () => {
  const stranger = await refused(
    open('/api/v1/namespaces/default/configmaps?watch=1', { authorization: 'Bearer x' }),
  );
  expect(stranger.code).toBe(401);
  expect(JSON.parse(stranger.body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
  expect((await refused(open('/api/v1/no-such-kind?watch=1'))).code).toBe(404);
});

test('a page of another site gets nothing by the cookie of its visitor', async () => {
  const socket = new WebSocket(
    `${ground.address.replace('https', 'wss')}/api/v1/nodes?watch=1`,
    'lines.drover.dev',
    { ca: ground.caPem, headers: { cookie: 'x=y', origin: 'https://elsewhere.invalid' } },
  );
  const { code, body } = await refused(socket);
  expect(code).toBe(403);
  expect(body).toContain('from a page of another site');
});

test('what does not go on is not for a socket', async () => {
  expect((await refused(open('/api/v1/nodes'))).code).toBe(404);
});
