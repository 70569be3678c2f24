// Limits hold on a real controller, at both ports: who sends slowly, hugely or nothing is cut, others are served.
import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { type Client, createClient, nodes } from '@drover/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeJoinToken, openApi } from '../../bench/api.ts';
import type { Identity } from '../../bench/emulator/agent.ts';
import { enrolIdentities } from '../../bench/identities.ts';
import { memoryMib } from '../../bench/process-figures.ts';
import { startRealFleet } from '../../bench/real-fleet.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess, nodeBinary } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

const gibibyte = 1024 ** 3;
/** What one flood may leave behind, in memory that is not given back. */
const growthMib = 150;
const { signal } = new AbortController();
const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);

let controller: ControllerProcess;
let client: Client;
let identity: Identity;
const sockets = new Set<TLSSocket>();

beforeAll(async () => {
  controller = await ControllerProcess.start();
  defer(() => controller.close());
  await startRealFleet({ signal, defer }, controller, 1);
  client = createClient(controller.context);
  defer(() => client.close());
  const api = openApi(controller.context);
  const token = await makeJoinToken(api, 1).finally(() => api.close());
  const [made] = await enrolIdentities(controller.context, token, ['slow'], () => 'slow-machine', signal);
  if (made === undefined) throw new Error('cannot enrol an identity');
  identity = made;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
});

/** Asks for lists on new connections, and runs a command, until `isOver`: all of it must be answered. */
const serveOthers = async (isOver: () => boolean): Promise<number> => {
  let served = 0;
  do {
    const fresh = createClient(controller.context);
    try {
      expect((await fresh.list(nodes, { signal: AbortSignal.timeout(10_000) })).items.length).toBeGreaterThan(
        0,
      );
      served++;
    } finally {
      fresh.close();
    }
  } while (!isOver());
  const done = await drover(controller, ['run', '-n', 'a001', '--', 'true']);
  expect(done, done.stderr).toMatchObject({ code: 0 });
  return served;
};

const dial = (port: number, own?: Identity): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const pair = own === undefined ? {} : { key: own.keyPem, cert: own.certPem };
    const options = { host: '127.0.0.1', port, ca: controller.context.caPem, ...pair };
    const socket = connect(options, () => resolve(socket));
    socket.on('error', reject);
    sockets.add(socket);
    socket.resume().once('close', () => sockets.delete(socket));
  });

/** Sends `start` on 200 connections and then a byte at a time on each; resolves when all have been cut. */
const drip = async (port: number, start: Buffer, own?: Identity): Promise<number> => {
  const slow = await Promise.all(Array.from({ length: 200 }, () => dial(port, own)));
  for (const socket of slow) socket.on('error', () => undefined).write(start);
  const timer = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, 250);
  try {
    return await serveOthers(() => slow.every((socket) => socket.closed));
  } finally {
    clearInterval(timer);
  }
};

test('slow headers at the API port are cut in time, and others are served', async () => {
  const head = Buffer.from('GET /api/v1/nodes HTTP/1.1\r\nhost: a\r\nx-slow: ');
  expect(await drip(controller.port, head)).toBeGreaterThan(0);
});

test('slow frames and slow headers at the agent port are cut in time, and others are served', async () => {
  const frame = Buffer.from([0, 0, 4, 0, 0x80, 1, 0, 1]);
  expect(await drip(controller.agentPort, frame, identity)).toBeGreaterThan(0);
  const head = Buffer.from('GET /content/x HTTP/1.1\r\nhost: a\r\nx-slow: ');
  expect(await drip(controller.agentPort, head, identity)).toBeGreaterThan(0);
});

/**
 * Pours a gibibyte of JSON; resolves to the code of the answer and how much was taken until it came. Who is cut while
 * still pouring may not get to see the answer: 'cut'.
 */
const pour = (
  headers: Readonly<Record<string, string>>,
): Promise<{ code: number | 'cut'; sentMib: number }> =>
  new Promise((resolve, reject) => {
    const { address, caPem, token } = controller.context;
    const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
    const chunk = Buffer.alloc(256 * 1024, '[');
    let sentBytes = 0;
    const path = `${address}/api/v1/namespaces/default/configmaps`;
    const outgoing = request(path, { method: 'POST', ca: caPem, agent: false, headers: all }, (answer) => {
      answer.resume();
      resolve({ code: answer.statusCode ?? 0, sentMib: sentBytes / 1024 ** 2 });
      outgoing.destroy();
    });
    const more = (): void => {
      while (sentBytes < gibibyte && !outgoing.destroyed) {
        sentBytes += chunk.length;
        if (!outgoing.write(chunk)) return;
      }
    };
    outgoing.on('drain', more).on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET')
        resolve({ code: 'cut', sentMib: sentBytes / 1024 ** 2 });
      else reject(error);
    });
    more();
  });

test.each([
  ['announced', { 'content-length': String(gibibyte) }],
  ['unannounced', { 'transfer-encoding': 'chunked' }],
])('ten JSON bodies of 1 GiB, %s, are refused early and leave no memory behind', async (_, headers) => {
  const before = await memoryMib(controller.pid);
  let isOver = false;
  const pouring = Promise.all(Array.from({ length: 10 }, () => pour(headers))).finally(() => {
    isOver = true;
  });
  const [answers] = await Promise.all([pouring, serveOthers(() => isOver)]);
  for (const { code, sentMib } of answers) {
    expect([413, 'cut']).toContain(code);
    expect(sentMib).toBeLessThan(64);
  }
  expect((await memoryMib(controller.pid)).now - before.now).toBeLessThan(growthMib);
});

const flood = async (port: number): Promise<ChildProcess> => {
  const script = join(import.meta.dirname, 'half-open.child.ts');
  // The hard limit is the most that this machine allows; 10,000 connections need about as many descriptors.
  const command = 'ulimit -n "$(ulimit -H -n)"; exec "$@"';
  const child = spawn('sh', ['-c', command, 'sh', nodeBinary, script, String(port), '10000'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  defer(() => void child.kill('SIGKILL'));
  return child;
};

test.each(['API', 'agent'] as const)(
  '10,000 half-open connections to the %s port keep nobody out',
  async (door) => {
    const before = await memoryMib(controller.pid);
    const child = await flood(door === 'API' ? controller.port : controller.agentPort);
    let isMade = false;
    if (child.stdout) createInterface({ input: child.stdout }).once('line', () => (isMade = true));
    const served = await serveOthers(() => isMade);
    const during = await memoryMib(controller.pid);
    process.stdout.write(
      `half-open: 10,000 at the ${door} port, ${served} lists meanwhile, controller RSS ` +
        `${before.now.toFixed(0)} → ${during.now.toFixed(0)} MiB\n`,
    );
    expect(during.now - before.now).toBeLessThan(growthMib);
    // An agent that comes now gets in too.
    if (door === 'agent') await waitFor('an agent to get in', () => dial(controller.agentPort, identity));
    child.stdin?.end();
    await waitFor('the flood to end', () => child.exitCode !== null);
  },
);
