import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { nodes } from '@drover/client';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/harness/wait.ts';
import type { Limits, ServerOptions } from './deps.ts';
import { type Ground, openGround } from './test-ground.ts';
import { codesOf, head } from './test-wire.ts';

const open: { ground?: Ground; sockets: Set<Socket> } = { sockets: new Set() };

const start = async (limits: Partial<Limits>, more: Partial<ServerOptions> = {}): Promise<Ground> => {
  const ground = await openGround({ limits, ...more });
  open.ground = ground;
  return ground;
};

/** A connection that is only TCP. */
const dial = (ground: Ground): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(ground.server.port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
    open.sockets.add(socket);
    socket.once('close', () => open.sockets.delete(socket));
  });

const dialTls = (ground: Ground): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ port: ground.server.port, host: '127.0.0.1', ca: ground.caPem }, () =>
      resolve(socket),
    );
    socket.on('error', reject);
    open.sockets.add(socket);
    socket.once('close', () => open.sockets.delete(socket));
  });

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
    socket.resume();
  });

/** Sends a body that never ends; resolves to the answer's code and how many bytes the server took. */
const pour = (ground: Ground, headers: Readonly<Record<string, string>>, totalBytes: number) =>
  new Promise<{ code: number; sentBytes: number }>((resolve, reject) => {
    const chunk = Buffer.alloc(256 * 1024, 0x20);
    let sentBytes = 0;
    const outgoing = request(
      `${ground.address}/api/v1/nodes`,
      {
        method: 'POST',
        ca: ground.caPem,
        agent: false,
        headers: { authorization: `Bearer ${ground.token}`, 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        answer.resume();
        resolve({ code: answer.statusCode ?? 0, sentBytes });
        outgoing.destroy();
      },
    );
    const more = (): void => {
      while (sentBytes < totalBytes && !outgoing.destroyed) {
        sentBytes += chunk.length;
        if (!outgoing.write(chunk)) return;
      }
    };
    outgoing.on('drain', more).on('error', reject);
    more();
  });

afterEach(async () => {
  for (const socket of open.sockets) socket.destroy();
  await open.ground?.close();
  delete open.ground;
});

describe('half-open connections', () => {
  it('gives way to newcomers, so that a flood of them keeps nobody out', async () => {
    const ground = await start({ strangers: 32 });
    const flood = await Promise.all(Array.from({ length: 300 }, () => dial(ground)));
    await waitFor('the oldest to be closed', () => flood.filter((socket) => !socket.closed).length <= 32);
    const fresh = await openClient(ground);
    expect(fresh.items).toEqual([]);
  });

  it('lets the silent give way before who has begun to speak', async () => {
    const ground = await start({ strangers: 8 });
    const speaking = await dialTls(ground);
    const flood = await Promise.all(Array.from({ length: 60 }, () => dial(ground)));
    await waitFor('the silent to be closed', () => flood.filter((socket) => !socket.closed).length <= 8);
    expect(speaking.closed).toBe(false);
  });

  it('does not close who has shown who they are', async () => {
    const ground = await start({ strangers: 4 });
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of ground.client.watch(nodes, { signal: stop.signal })) {
        seen.push(event.object.metadata.name ?? '');
      }
    })().catch(() => undefined);
    await ground.client.create(nodes, { metadata: { name: 'before' } });
    await waitFor('the watch', () => seen.includes('before'));
    await Promise.all(Array.from({ length: 50 }, () => dial(ground)));
    await ground.resources.create(ground.resources.kind('nodes'), '', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'after' },
    });
    await waitFor('the watch to go on', () => seen.includes('after'));
    stop.abort();
    await watching;
  });

  it('closes a handshake that does not end', async () => {
    const ground = await start({ handshakeTimeoutMs: 100 });
    const socket = await dial(ground);
    socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await closed(socket);
  });
});

/** A client of its own, with a new connection. */
const openClient = async (ground: Ground) => {
  const { createClient } = await import('@drover/client');
  const client = createClient({ address: ground.address, caPem: ground.caPem, token: ground.token });
  try {
    return await client.list(nodes);
  } finally {
    client.close();
  }
};

describe('slow requests', () => {
  it('closes those whose headers dribble, and serves others meanwhile', async () => {
    const ground = await start({ headersTimeoutMs: 300 });
    const slow = await Promise.all(Array.from({ length: 40 }, () => dialTls(ground)));
    for (const socket of slow) socket.write('GET /version HTTP/1.1\r\nhost: a\r\nx-a: ');
    const dribble = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('b');
    }, 20);
    try {
      expect((await openClient(ground)).items).toEqual([]);
      await Promise.all(slow.map(closed));
    } finally {
      clearInterval(dribble);
    }
  });

  it('closes a connection on which nothing is asked, without a word', async () => {
    const ground = await start({ headersTimeoutMs: 100 });
    const socket = await dialTls(ground);
    let bytes = 0;
    socket.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    await closed(socket);
    expect(bytes).toBe(0);
  });

  it('ends a body that stops coming', async () => {
    const ground = await start({ bodyTimeoutMs: 100 });
    const socket = await dialTls(ground);
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString();
    });
    socket.write(
      `POST /api/v1/nodes HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ground.token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":`,
    );
    await closed(socket);
    expect(text).toMatch(/^HTTP\/1\.1 504 /);
    expect(text).toContain('"reason":"Timeout"');
  });
});

describe('content that nothing comes of', () => {
  it('ends its connection, and many requests on one leave nothing behind', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    let count = 0;
    // The first is answered, the others are not.
    const content: ServerOptions['content'] = (_request, response) => {
      count += 1;
      if (count === 1) response.end('first');
    };
    const ground = await start({ contentIdleMs: 300 }, { content });
    const socket = await dialTls(ground);
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString();
    });
    socket.write(head(ground, 'GET', '/content/x').repeat(20));
    await closed(socket);
    expect([codesOf(text), count]).toEqual([['200'], 20]);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('a body', () => {
  it('is read alike when it comes with its head, after it, in chunks, and before the next request', async () => {
    const ground = await start({});
    const socket = await dialTls(ground);
    let text = '';
    socket.setNoDelay(true).on('data', (part: Buffer) => {
      text += part.toString();
    });
    const codes = () => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => code);
    const answers = (count: number) => waitFor(`${count} answers`, () => codes().length >= count);
    const head = `POST /api/v1/nodes HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ground.token}\r\ncontent-type: application/json\r\n`;
    const bodyOf = (name: string) => JSON.stringify({ metadata: { name } });
    const whole = (name: string) => `${head}content-length: ${bodyOf(name).length}\r\n\r\n${bodyOf(name)}`;
    socket.write(whole('n1'));
    await answers(1);
    for (const byte of whole('n2')) await new Promise((resolve) => socket.write(byte, resolve));
    await answers(2);
    const size = bodyOf('n3').length.toString(16);
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${size}\r\n${bodyOf('n3')}\r\n0\r\n\r\n`);
    await answers(3);
    socket.write(`${whole('n4')}${whole('n5')}${head}content-length: 0\r\n\r\n`);
    await answers(6);
    expect(codes()).toEqual(['201', '201', '201', '201', '201', '400']);
    expect(ground.resources.list(ground.resources.kind('nodes')).items).toHaveLength(5);
  });
});

describe('large bodies', () => {
  const gibibyte = 1024 ** 3;

  it('refuses an announced 1 GiB before it is sent', async () => {
    const ground = await start({});
    const { code, sentBytes } = await pour(ground, { 'content-length': String(gibibyte) }, gibibyte);
    expect(code).toBe(413);
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it('stops reading an unannounced one at the limit', async () => {
    const ground = await start({});
    const { code, sentBytes } = await pour(ground, { 'transfer-encoding': 'chunked' }, gibibyte);
    expect(code).toBe(413);
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it('does not read the body of a stranger at all', async () => {
    const ground = await start({});
    const headers = { 'transfer-encoding': 'chunked', authorization: 'Bearer wrong' };
    const { code, sentBytes } = await pour(ground, headers, gibibyte);
    expect(code).toBe(401);
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('old versions of TLS', () => {
  it.each(['TLSv1', 'TLSv1.1'] as const)('are refused: %s', async (maxVersion) => {
    const ground = await start({});
    const { port } = ground.server;
    const old = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const code = await new Promise((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: ground.caPem, ...old }, () =>
        resolve('let in'),
      );
      socket.on('error', (error) => resolve('code' in error ? error.code : error.message));
    });
    expect(code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

it.each(['GET', 'HEAD', 'POST'])('refuses overlong headers of %s without a body', async (method) => {
  const ground = await start({});
  const code = await new Promise((resolve, reject) => {
    const path = `${ground.address}/content/${'a'.repeat(70_000)}`;
    const outgoing = request(path, { method, ca: ground.caPem, agent: false }, (answer) => {
      answer
        .on('error', reject)
        .on('end', () => resolve(answer.statusCode))
        .resume();
    });
    outgoing.on('error', reject).end();
  });
  expect(code).toBe(431);
});
