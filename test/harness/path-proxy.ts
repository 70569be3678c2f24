// Owns a proxy that shows a controller under a path of its own, as nginx or Apache would: /drover/... becomes /... with
// X-Forwarded-Prefix; WebSockets pass too.

import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AdminContext } from './controller.ts';

const prefix = '/drover';

export interface PathProxy {
  /** https://localhost:port/drover */
  readonly address: string;
  /** sha256 of its key, for a browser to trust. */
  readonly pin: string;
  close(): Promise<void>;
}

const makeCertificate = async (): Promise<{ readonly key: Buffer; readonly cert: Buffer }> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-proxy-'));
  const [keyFile, certFile] = [join(dir, 'key'), join(dir, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  try {
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-nodes', '-days', '2', ...curve, ...subject],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    return { key: await readFile(keyFile), cert: await readFile(certFile) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

/** The request to the controller; undefined for what is not below the prefix. */
const forward = ({ address, caPem }: AdminContext, incoming: IncomingMessage) => {
  if (incoming.url?.startsWith(`${prefix}/`) !== true) return undefined;
  return request(new URL(incoming.url.slice(prefix.length), address), {
    method: incoming.method ?? 'GET',
    ca: caPem,
    headers: { ...incoming.headers, 'x-forwarded-prefix': prefix },
  });
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

export const startPathProxy = async (controller: AdminContext): Promise<PathProxy> => {
  const { key, cert } = await makeCertificate();
  const sockets = new Set<Socket>();
  const server = createServer({ key, cert }, (incoming, answer) => {
    const outgoing = forward(controller, incoming);
    if (outgoing === undefined) return void answer.writeHead(404).end('not below /drover/');
    outgoing.on('response', (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const outgoing = forward(controller, incoming);
    if (outgoing === undefined) return void socket.destroy();
    outgoing.on('upgrade', (reply, upstream, first) => {
      const lines = reply.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
      socket.write(first);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    outgoing.on('response', () => socket.destroy());
    outgoing.on('error', () => socket.destroy());
    outgoing.end();
  });
  const port = await listen(server);
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return {
    address: `https://localhost:${port}${prefix}`,
    pin: createHash('sha256').update(spki).digest('base64'),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
