// Owns the door of bytes that are not HTTP, or hardly: what comes out of a TLS connection to the API port.
import { connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { expect } from 'vitest';
import { caseMs, type Door, type Ground, hold } from './ground.ts';

const lines = fc.constantFrom(
  ...[
    'GET / HTTP/1.1',
    'GET /version HTTP/1.0',
    'GET  HTTP/1.1',
    'PRI * HTTP/2.0',
    'POST /api/v1/nodes HTTP/1.1',
  ],
  ...['\0', 'GET /%zz HTTP/1.1', `GET /${'a'.repeat(20_000)} HTTP/1.1`, 'G\rET / HTTP/1.1', 'GET / HTTP/9.9'],
  ...[
    'host: a',
    'host: a\0b',
    'content-length: -1',
    'content-length: 5',
    'content-length: 99999999999999999999',
  ],
  ...[
    'transfer-encoding: chunked',
    'transfer-encoding: chunked, chunked',
    'transfer-encoding: x',
    ': x',
    ' x: y',
  ],
  ...[
    'expect: 100-continue',
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-key: x',
    'upgrade: h2c',
  ],
  ...[
    'authorization: Bearer',
    'authorization: Basic eDp5',
    `x: ${'y'.repeat(9_000)}`,
    'cookie: a=b; a; =; drover=%',
  ],
  ...['', '', '0', 'fffffffffffffffff', '5\r\nhello', '{"a":'],
);

const bytes = fc.oneof(
  {
    arbitrary: fc
      .array(lines, { maxLength: 12 })
      .map((all) => Buffer.from(`${all.join('\r\n')}\r\n\r\n`, 'latin1')),
    weight: 4,
  },
  fc.uint8Array({ maxLength: 400 }).map((part) => Buffer.from(part)),
);

const dial = ({ controller }: Ground): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: controller.port, ca: controller.context.caPem };
    const socket = connect(options, () => resolve(socket));
    socket.on('error', reject);
  });

/** Everything that comes back until the server has closed. */
const exchange = async (ground: Ground, data: Buffer): Promise<string> => {
  const socket = await dial(ground);
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.setTimeout(caseMs, () => {
      socket.destroy();
      reject(new Error(`the connection is still open after ${caseMs} ms`));
    });
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', () => undefined); // a reset is an answer
    socket.once('close', () => resolve(Buffer.concat(parts).toString('latin1')));
    socket.end(data);
  });
};

export const rawDoor: Door = {
  name: 'bytes that are hardly HTTP',
  share: 0.05,
  open: (ground) => ({
    fuzz: (runs) =>
      hold(runs, bytes, async (data) => {
        const answer = await exchange(ground, data);
        expect(answer === '' || answer.startsWith('HTTP/1.1 '), answer.slice(0, 300)).toBe(true);
        for (const [, code] of answer.matchAll(/^HTTP\/1\.1 (\d+)/gm))
          expect(Number(code), answer).toBeLessThan(500);
      }),
  }),
};
