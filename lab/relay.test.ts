import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../test/harness/ports.ts';
import { waitFor } from '../test/harness/wait.ts';

const open: { relay?: ChildProcess; server?: Server; sockets: Socket[] } = { sockets: [] };
afterEach(() => {
  for (const socket of open.sockets) socket.destroy();
  open.server?.close();
  open.relay?.kill('SIGKILL');
});

/** A relay from one port of this machine to another; both in this network. */
const startRelay = async (port: number, target: number): Promise<ChildProcess> => {
  const network = openSync('/proc/self/ns/net', 'r');
  const ignored = Array<'ignore'>(6).fill('ignore');
  const relay = spawn(
    'python3',
    [join(import.meta.dirname, 'relay.py'), '127.0.0.1', String(port), String(target)],
    { stdio: ['ignore', 'inherit', 'inherit', ...ignored, network] },
  );
  closeSync(network);
  open.relay = relay;
  return relay;
};

const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
    open.sockets.push(socket);
  });

test.skipIf(process.getuid?.() !== 0)(
  'a relay outlives connections whose both ends are reset at once',
  async () => {
    const [port, target] = [await freePort(), await freePort()];
    const inner: Socket[] = [];
    open.server = createServer((socket) => {
      socket.on('error', () => undefined);
      inner.push(socket);
      open.sockets.push(socket);
    }).listen(target, '127.0.0.1');
    const relay = await startRelay(port, target);
    const outer = await waitFor('the relay to listen', () => dial(port));
    await waitFor('the connection to be passed on', () => inner.length === 1);
    relay.kill('SIGSTOP');
    outer.on('error', () => undefined).resetAndDestroy();
    inner[0]?.resetAndDestroy();
    relay.kill('SIGCONT');
    await dial(port);
    await waitFor('the next connection to be passed on', () => inner.length === 2);
    expect(relay.exitCode).toBeNull();
  },
);
