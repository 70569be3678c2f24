// What a route writes, as it arrives in a WebSocket.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { linesProtocol, MessageResponse } from './message-response.ts';

let server: Server;
/** What the next answer consists of, and what becomes of it. */
let chunks: readonly Uint8Array[] = [];
let isCut = false;

beforeAll(async () => {
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const answer = new MessageResponse(request, socket, head);
    answer.writeHead(200, {});
    for (const chunk of chunks) answer.write(chunk);
    if (isCut) answer.destroy();
    else answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

const receive = (protocols: string[]): Promise<{ messages: readonly string[]; code: number }> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, protocols);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.on('error', reject);
    socket.on('close', (code) => resolve({ messages, code }));
  });

/** Cuts bytes into pieces of the given sizes, the sizes again and again. */
const cut = (bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
};

const line = fc.tuple(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.integer({ min: 1, max: 3_000 }),
);
const lines = fc.array(
  line.map(([text, times]) => text.replaceAll('\n', '-').repeat(times)),
  { maxLength: 30 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 });

test('lines arrive whole and in order, however they were written, and share messages only where they may', async () => {
  const written = fc.asyncProperty(lines, sizes, fc.boolean(), async (texts, pieces, isOurs) => {
    isCut = false;
    chunks = cut(Buffer.from(texts.map((text) => `${text}\n`).join('')), pieces);
    const { messages, code } = await receive(isOurs ? [linesProtocol] : []);
    expect(code).toBe(1000);
    expect(messages.flatMap((message) => message.split('\n'))).toEqual(texts);
    const shared = messages.filter((message) => message.includes('\n'));
    if (!isOurs) expect(shared).toEqual([]);
    for (const message of shared) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(64 * 1024);
  });
  await fc.assert(written, { numRuns: 60 });
});

test('an answer that is cut brings the lines that were written before, and is told from one that ended', async () => {
  isCut = true;
  chunks = [Buffer.from('one\ntwo\nhal')];
  expect(await receive([linesProtocol])).toEqual({ messages: ['one\ntwo'], code: 1011 });
});
