// The client against the real server, through a wire that the test can cut.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../test/harness/wait.ts';
import { type Ground, openGround } from '../../controller/src/server/test-ground.ts';
import { type Client, commandRuns, createClient, isUnreachable, nodes, toOrigin } from './index.ts';

const run = promisify(execFile);

interface Wire {
  readonly port: number;
  /** Bytes that may still pass up; then everything is cut. */
  cutAfter(bytes: number): void;
  cut(): void;
  close(): Promise<void>;
}

/** A TCP relay to the server. */
const openWire = async (port: number, listenPort = 0): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let budget = Number.POSITIVE_INFINITY;
  const cut = (): void => {
    budget = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const server: Server = createTcpServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .once('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (part: Buffer) => {
      budget -= part.length;
      if (budget < 0) cut();
      else if (!upstream.write(part)) {
        client.pause();
        upstream.once('drain', () => client.resume());
      }
    });
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(listenPort, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter: (bytes) => {
      budget = bytes;
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
};

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const open = async (changes: Parameters<typeof openGround>[0] = {}) => {
  const ground: Ground = await openGround(changes);
  const wire = await openWire(ground.server.port);
  const client: Client = createClient({
    address: `127.0.0.1:${wire.port}`,
    caPem: ground.caPem,
    token: ground.token,
  });
  opened.push(ground, wire, client);
  return { ground, wire, client };
};

describe('addresses', () => {
  it('have a port of their own, or 7443', () => {
    expect(toOrigin('ctl')).toBe('https://ctl:7443');
    expect(toOrigin('ctl:1')).toBe('https://ctl:1');
    expect(toOrigin('https://ctl:443/')).toBe('https://ctl:443');
    expect(toOrigin('[::1]:8')).toBe('https://[::1]:8');
    for (const wrong of ['http://ctl', '', 'a b', 'https://'])
      expect(() => toOrigin(wrong)).toThrow('cannot use address');
  });
});

describe('refusals and faults', () => {
  it('are told apart: what the server says, and what the network does', async () => {
    const { client, ground } = await open();
    const refusal: unknown = await client.get(nodes, 'none').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ reason: 'NotFound', code: 404 });
    expect(isUnreachable(refusal)).toBe(false);
    await ground.server.close();
    const fault: unknown = await client.http.open({ path: '/version' }).catch((error: unknown) => error);
    expect(isUnreachable(fault)).toBe(true);
  });

  it('keep a server of another authority out', async () => {
    const { ground } = await open();
    const other = await openGround();
    opened.push(other);
    const client = createClient({ address: ground.address, caPem: other.caPem, token: ground.token });
    opened.push(client);
    const fault: unknown = await client.list(nodes).catch((error: unknown) => error);
    expect(isUnreachable(fault)).toBe(true);
    expect(String(fault)).toContain('certificate');
  });

  it('an abort ends a call with the reason given', async () => {
    const { client } = await open();
    const stop = new AbortController();
    const watching = (async () => {
      for await (const _event of client.watch(nodes, { signal: stop.signal })) break;
    })();
    await waitFor('the watch to stand', async () => (await client.version()).gitVersion !== '');
    stop.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
  });

  it('goes on over a kept-alive connection that has died meanwhile', async () => {
    const { client, wire } = await open();
    await client.list(nodes);
    wire.cut();
    expect((await client.list(nodes)).items).toEqual([]);
  });
});

describe('a controller that is started again', () => {
  it('is waited for: what could not be sent is sent once it answers, whatever it is', async () => {
    const { client, wire, ground } = await open();
    await client.version();
    await wire.close();
    // The one connection that stood is found dead by this one, which may be repeated.
    const asking = client.version();
    const making = client.create(nodes, { metadata: { name: 'late' } });
    const stranger = createClient({ ...ground, address: `127.0.0.1:${wire.port}` });
    // One that has never reached it is told at once; by then the other has been refused as well.
    await expect(stranger.version()).rejects.toThrow('connection refused');
    opened.push(await openWire(ground.server.port, wire.port));
    expect(await making).toMatchObject({ metadata: { name: 'late' } });
    expect(await asking).toHaveProperty('gitVersion');
  });

  it('gets nothing twice: a change that was cut before its answer is told as a fault', async () => {
    const { client, wire } = await open();
    await client.version();
    wire.cutAfter(0);
    const fault: unknown = await client
      .create(nodes, { metadata: { name: 'once' } })
      .catch((e: unknown) => e);
    expect([isUnreachable(fault), String(fault)]).toEqual([true, expect.stringContaining('was cut')]);
    expect((await client.list(nodes)).items).toEqual([]);
  });

  it('is asked again by who waits for an object, over what it cannot begin any more', async () => {
    const { client, ground } = await open();
    const waiting = client.waitFor(nodes, 'late', (node) => node !== undefined);
    await waitFor('the watch', () => ground.server.left()['streams'] === 1);
    // Something under way keeps it from its end.
    const held = async function* () {
      yield Buffer.from('{');
      await waiting;
    };
    const under = client.http.json({ method: 'POST', path: '/content/uploads', bytes: held() });
    await waitFor('the request', () => (ground.server.left()['requests'] ?? 0) > 0);
    void ground.server.drain(AbortSignal.timeout(60_000));
    await expect(client.http.open({ path: '/api/v1/nodes?watch=1' })).rejects.toThrow('is stopping');
    await client.create(nodes, { metadata: { name: 'late' } });
    expect(await waiting).toMatchObject({ metadata: { name: 'late' } });
    expect(await under).toMatchObject({ sizeBytes: 1 });
  });
});

describe('finding a kind', () => {
  it('by plural, singular, short name, kind and group', async () => {
    const { client } = await open();
    const { find } = await client.discover();
    for (const name of ['nodes', 'node', 'no', 'Node']) expect(find(name).plural).toBe('nodes');
    for (const name of ['run', 'commandruns.drover.dev', 'CommandRun'])
      expect(find(name).plural).toBe('commandruns');
    expect(() => find('cats')).toThrow('cannot find kind "cats"');
  });
});

/** A small content store with the protocol of docs/protocol.md, in memory. */
const contentStore = () => {
  const state = { parts: [] as Buffer[], sizeBytes: 0, puts: 0, blobs: new Map<string, Buffer>() };
  const answer = (response: ServerResponse, value: unknown): void => void response.end(JSON.stringify(value));
  const append = (request: IncomingMessage, response: ServerResponse): void => {
    state.puts += 1;
    request.on('data', (part: Buffer) => {
      state.parts.push(part);
      state.sizeBytes += part.length;
    });
    request.on('end', () => answer(response, { offset: state.sizeBytes }));
  };
  const finish = (response: ServerResponse): void => {
    const data = Buffer.concat(state.parts);
    const sha256 = createHash('sha256').update(data).digest('hex');
    state.blobs.set(sha256, data);
    answer(response, { sha256, sizeBytes: data.length, chunkSizeBytes: 1, chunks: [] });
  };
  const download = (request: IncomingMessage, response: ServerResponse, sha256: string): void => {
    const blob = state.blobs.get(sha256);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.statusCode = blob === undefined ? 404 : from > 0 ? 206 : 200;
    response.end(blob?.subarray(from));
  };
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (request.method === 'PUT') append(request, response);
    else if (path.endsWith('/finish')) finish(response);
    else if (path === '/content/uploads') answer(response, { id: 'u1' });
    else if (path.startsWith('/content/uploads/')) answer(response, { offset: state.sizeBytes });
    else download(request, response, path.slice('/content/'.length));
  };
  return { state, handler };
};

describe('content', () => {
  const data = Buffer.alloc(8 * 1024 * 1024, 'drover');
  const sha256 = createHash('sha256').update(data).digest('hex');
  const read = async function* (offset: number): AsyncGenerator<Uint8Array> {
    for (let at = offset; at < data.length; at += 65_536) yield data.subarray(at, at + 65_536);
  };

  it('goes up and comes down whole, though the wire is cut on the way', async () => {
    const { state, handler } = contentStore();
    const { client, wire } = await open({ content: handler });
    expect(await client.content.has(sha256)).toBe(false);
    wire.cutAfter(3 * 1024 * 1024);
    const index = await client.content.upload({ sizeBytes: data.length, read, sha256: () => sha256 });
    expect(index.sha256).toBe(sha256);
    expect(state.puts).toBeGreaterThan(1);
    expect(await client.content.has(sha256)).toBe(true);
    const parts: Uint8Array[] = [];
    let cuts = 0;
    for await (const part of client.content.download(sha256)) {
      parts.push(part);
      if (cuts === 0 && parts.length === 20) {
        cuts += 1;
        wire.cut();
      }
    }
    expect(Buffer.concat(parts).equals(data)).toBe(true);
  });

  it('that is not there is NotFound', async () => {
    const { client } = await open({ content: contentStore().handler });
    const download = async (): Promise<void> => {
      for await (const _part of client.content.download(sha256)) break;
    };
    await expect(download()).rejects.toMatchObject({ code: 404 });
  });
});

describe('results and logs', () => {
  it('go on over a cut from where they were, without loss or repetition', async () => {
    const { ground, client, wire } = await open();
    const run = await client.create(commandRuns, {
      metadata: { name: 'r' },
      spec: { argv: ['true'], targets: { nodeSet: '*' } },
    });
    const nowMs = 1;
    const task = { id: 't', node: 'web1', index: 0, timeoutMs: 1, createdAtMs: nowMs, expiresAtMs: nowMs };
    await ground.store.tasks.insert(run.metadata.uid ?? '', { kind: 'pull', path: '/a', check: false }, [
      { ...task, state: 'queued' },
    ]);
    await ground.store.tasks.markSent(['t'], 'journal', nowMs);
    const say = (offset: number, text: string) =>
      ground.store.tasks.report({
        output: [{ taskId: 't', stream: 1, offset, timeMs: nowMs, data: Buffer.from(text) }],
        started: [],
        progress: [],
        results: [],
      });
    const work = { kind: commandRuns, name: 'r' };
    let text = '';
    const following = (async () => {
      for await (const { data } of client.log(work, { follow: true })) text += Buffer.from(data).toString();
    })();
    const events: string[] = [];
    const watching = (async () => {
      for await (const { type } of client.watchResults(work)) events.push(type);
    })();
    await say(0, 'one ');
    await waitFor('the first words', () => text === 'one ' && events.includes('STATUS'));
    wire.cut();
    await say(4, 'two ');
    await waitFor('the next words', () => text === 'one two ');
    wire.cut();
    const body = { status: { phase: 'Succeeded' } };
    await ground.resources.patch(
      ground.resources.kind('commandruns.drover.dev'),
      'default',
      'r',
      { type: 'application/merge-patch+json', body },
      { subresource: 'status' },
    );
    await Promise.all([following, watching]);
    expect(text).toBe('one two ');
    expect(events.at(-1)).toBe('END');
  });
});

describe('starting', () => {
  it('loads no schemas, and the WebSocket library only for a shell', async () => {
    const code = `import { registerHooks } from 'node:module';
      const seen = [];
      registerHooks({ resolve: (name, context, next) => { const found = next(name, context); seen.push(found.url); return found; } });
      await import('@drover/client');
      process.stdout.write(seen.join('\\n'));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
      cwd: import.meta.dirname,
    });
    expect(stdout).toContain('client/src/http.ts');
    expect(stdout).not.toMatch(/typebox|ajv|api\/src\/kinds|\/ws\//);
  });
});
