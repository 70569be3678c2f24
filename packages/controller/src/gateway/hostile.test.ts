import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { createMux, FrameSplitter, type Mux } from '@drover/api/wire';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toCall } from '../../../api/src/wire/messages.ts';
import { newRequest } from '../auth/test-request.ts';
import { commandSpec, type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 10_000, interval: 5 };
let ground: Ground;
let open: (TLSSocket | Socket)[] = [];
let n1 = '';
let n2 = '';
beforeAll(async () => {
  ground = await openGround({
    handshakeTimeoutMs: 300,
    heartbeatSeconds: 0.2,
    unansweredBytes: 2 * 1024 * 1024,
  });
});
beforeEach(() => {
  n1 = ground.newNode();
  n2 = ground.newNode();
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open = [];
  await ground.rest();
});
afterAll(() => ground.close());

/** A TLS connection that says nothing by itself. */
const dialAs = async (key: string, cert: string): Promise<TLSSocket> => {
  const socket = connect({
    host: '127.0.0.1',
    port: ground.gateway.port,
    key,
    cert,
    ca: ground.authority.caPem,
  });
  open.push(socket);
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return socket;
};

/** Of node `name`. */
const dial = async (name = n1): Promise<TLSSocket> => {
  const { keyPem, certPem } = await ground.identity(name);
  return dialAs(keyPem, certPem);
};
const closed = (socket: TLSSocket | Socket) => expect.poll(() => socket.closed, deadline).toBe(true);
const speak = (socket: TLSSocket): Mux<'Controller'> => {
  const nothing = async () => undefined;
  const handlers = {
    start: nothing,
    cancel: nothing,
    openShell: nothing,
    shellInput: nothing,
    resizeShell: nothing,
  };
  const rest = { closeShell: nothing, update: nothing, uninstall: nothing, leave: nothing, ping: nothing };
  const mux = createMux({
    local: 'Agent',
    remote: 'Controller',
    handlers: { ...handlers, ...rest },
    send: (frame) => void socket.write(frame),
    timeoutMs: 10_000,
    onError: () => undefined,
  });
  const splitter = new FrameSplitter((frame) => void mux.receive(frame));
  socket.on('data', (chunk: Uint8Array) => splitter.push(chunk));
  socket.on('close', () => mux.close('closed'));
  return mux;
};
const hello = (change: Readonly<Record<string, unknown>> = {}) => ({
  hello: {
    agentVersion: '',
    agentSha256: '',
    pythonVersion: '',
    machineId: 'm',
    bootId: 'b',
    journalId: 'j',
    processId: 'p',
    tasks: [],
    facts: '{}',
    ...change,
  },
});
const stillServes = async () => {
  const agent = ground.agent(await ground.identity(ground.newNode()));
  agent.connect();
  await expect.poll(() => agent.connected, deadline).toBe(true);
};

describe('hostile peers', () => {
  it.each([
    ['a giant frame header', Buffer.from([0x00, 0xff, 0xff, 0xff, 0xff, 1])],
    ['an empty frame', Buffer.from([0, 0, 0, 0])],
    ['garbage after a good header', Buffer.concat([Buffer.from([0, 0, 0, 9]), Buffer.from('123456789')])],
    [
      'a list that promises two billion items',
      Buffer.from('0000001b80010001000000067265706f7274000000010f00010c7fffffff', 'hex'),
    ],
    ['a byte that begins no protocol', Buffer.from([0xff, 1, 2, 3])],
  ])('%s closes the connection, others are served', async (_, bytes) => {
    const socket = await dial();
    socket.write(bytes);
    await closed(socket);
    await stillServes();
  });

  it('who says nothing, or half a hello, is closed in time', async () => {
    const silent = await dial();
    const half = await dial(n2);
    half.write(Buffer.from([0, 0, 1, 0, 0x80]));
    await closed(silent);
    await closed(half);
  });

  it('calls before hello are refused and do nothing', async () => {
    const socket = await dial();
    const mux = speak(socket);
    await expect(mux.call('facts', { json: '{"a":1}' })).rejects.toMatchObject({ code: 'refused' });
    await expect(mux.call('renew', { request: '' })).rejects.toMatchObject({ code: 'refused' });
    expect(await ground.store.agents.get(n1)).toBeUndefined();
  });

  it('a frame that is begun and never completed ends the session', async () => {
    const socket = await dial();
    await speak(socket).call('hello', hello());
    socket.write(Buffer.from([0x00, 0xf0, 0, 0, 1, 2, 3]));
    const drip = setInterval(() => socket.write(Buffer.from([1])), 50);
    await closed(socket);
    clearInterval(drip);
    expect(ground.told(n1).at(-1)).toMatchObject({ reason: 'a message was not completed in time' });
  });

  it('a second hello is refused and the session goes on', async () => {
    const socket = await dial();
    const mux = speak(socket);
    await mux.call('hello', hello());
    await expect(mux.call('hello', hello())).rejects.toMatchObject({ code: 'bad-request' });
    await mux.call('facts', { json: '{}' });
  });

  it('facts and known tasks that make no sense do not keep a node out', async () => {
    const tasks = Array.from({ length: 500 }, (_, i) => ({ taskId: `ghost-${i}\u0000`, state: 'finished' }));
    const mux = speak(await dial());
    const welcome = await mux.call('hello', hello({ facts: 'not json', tasks }));
    expect(welcome.forget).toHaveLength(500);
  });

  it('output of many large reports at once is taken in turn, within the budget', async () => {
    const spec = { ...commandSpec, maxOutputBytes: 100 * 1024 * 1024 };
    const [id = ''] = await ground.queue([n1], {}, spec);
    await ground.store.tasks.markSent([id], 'j', 1);
    const mux = speak(await dial());
    await mux.call('hello', hello({ tasks: [{ taskId: id, state: 'running' }] }));
    const piece = 1024 * 1024;
    const reports = Array.from({ length: 12 }, (_, i) =>
      mux.call('report', {
        output: [
          { taskId: id, stream: 1, offset: i * piece, timeMs: 1, data: new Uint8Array(piece).fill(i) },
        ],
        started: [],
        progress: [],
        results: [],
      }),
    );
    await Promise.all(reports);
    const rows = await ground.store.tasks.output({ taskId: id, stream: 1, fromOffset: 0, limitBytes: 1e9 });
    expect(rows.reduce((sum, row) => sum + row.data.length, 0)).toBe(12 * piece);
  });

  it('a report with an outcome and a stream that do not exist is taken without them', async () => {
    const [id = ''] = await ground.queue([n1]);
    await ground.store.tasks.markSent([id], 'j', 1);
    const mux = speak(await dial());
    await mux.call('hello', hello({ tasks: [{ taskId: id, state: 'running' }] }));
    const zeros = {
      exitCode: 0,
      signal: 0,
      startedAtMs: 1,
      finishedAtMs: 2,
      userMs: 0,
      systemMs: 0,
      maxRssKib: 0,
    };
    const sizes = { stdoutBytes: 0, stderrBytes: 0, stdoutDropped: 0, stderrDropped: 0, survivors: 0 };
    await mux.call('report', {
      output: [{ taskId: id, stream: 9, offset: -1, timeMs: 1, data: new Uint8Array(3) }],
      started: [],
      progress: [],
      results: [{ taskId: id, outcome: 'exploded', reason: 'boom', detail: '{', ...zeros, ...sizes }],
    });
    const row = await ground.task(id);
    expect(row).toMatchObject({
      state: 'lost',
      result: { reason: expect.stringContaining('exploded boom'), detail: null },
    });
  });

  it('a client without a certificate, or with one of another CA, is not heard', async () => {
    const stranger = await openGround();
    const { keyPem: key, certPem: cert } = await stranger.identity(n1);
    for (const credentials of [{}, { key, cert }]) {
      const socket = connect({
        host: '127.0.0.1',
        port: ground.gateway.port,
        ca: ground.authority.caPem,
        ...credentials,
      });
      open.push(socket);
      socket.on('error', () => undefined);
      socket.resume();
      await closed(socket);
    }
    await stranger.close();
    expect(ground.told(n1)).toEqual([]);
  });

  it.each([
    ['of a person', 'ada'],
    ['of a person, were it signed for the name of a node,', 'system:node:n1'],
  ])('a client certificate %s is no agent', async (_, name) => {
    const { csrPem, keyPem } = await newRequest(name);
    const notAfterMs = Date.now() + 3_600_000;
    const wanted = { csrPem, name, groups: ['system:nodes'], notAfterMs };
    const { certPem } = await ground.authority.signClient(wanted);
    const socket = await dialAs(keyPem, certPem);
    const mux = speak(socket);
    await expect(mux.call('hello', hello())).rejects.toThrow();
    await closed(socket);
  });

  it('half-open connections are closed in time and do not keep agents out', async () => {
    await ground.start({ strangers: 50, handshakeTimeoutMs: 400 });
    const half = Array.from({ length: 200 }, () => connectTcp(ground.gateway.port, '127.0.0.1'));
    open.push(...half);
    for (const socket of half) {
      socket.on('error', () => undefined);
      socket.resume();
    }
    await stillServes();
    await Promise.all(half.map(closed));
  });

  it('damaged and random messages end in an answer or a closed connection, and the next agent is served', async () => {
    const { keyPem: key, certPem: cert } = await ground.identity(n1);
    const options = { host: '127.0.0.1', port: ground.gateway.port, key, cert, ca: ground.authority.caPem };
    const good = toCall('Controller', 'hello', 1, hello());
    const spots = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
    const bytes = fc.oneof(
      spots.map((changes) => {
        const frame = good.slice();
        for (const [at, byte] of changes) frame[4 + (at % (frame.length - 4))] = byte;
        return frame;
      }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.from([0, ...rest])),
    );
    const send = (sent: Uint8Array) =>
      new Promise<void>((resolve) => {
        const socket = connect(options, () => socket.end(sent));
        socket.on('error', () => undefined);
        socket.once('close', () => resolve());
        socket.resume();
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 8, maxLength: 8 }),
        async (all) => void (await Promise.all(all.map(send))),
      ),
      {
        numRuns: 40,
      },
    );
    await stillServes();
  });
});

describe('old versions of TLS', () => {
  it.each(['TLSv1', 'TLSv1.1'] as const)(
    'are refused before and after the certificate is renewed: %s',
    async (maxVersion) => {
      const { keyPem: key, certPem: cert } = await ground.identity(n1);
      const old = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const { port } = ground.gateway;
      const attempt = () =>
        new Promise((resolve) => {
          const ca = ground.authority.caPem;
          const socket = connect({ host: '127.0.0.1', port, key, cert, ca, ...old }, () => resolve('let in'));
          open.push(socket);
          socket.on('error', (error) => resolve('code' in error ? error.code : error.message));
        });
      expect(await attempt()).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
      ground.gateway.refreshTls();
      expect(await attempt()).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    },
  );
});
