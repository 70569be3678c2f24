// Owns a proxy that shows a controller under a path of its own, as nginx or Apache would: /drover/... becomes /... with
// X-Forwarded-Prefix; WebSockets pass too.

import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { makeOwnCertificate } from './certificate.ts';
import type { AdminContext } from './controller.ts';

const prefix = '/drover';

export interface PathProxy {
  /** https://localhost:port/drover */
  readonly address: string;
  /** sha256 of its key, for a browser to trust. */
  readonly pin: string;
  close(): Promise<void>;
}

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
  const { keyPem, certPem, pin } = await makeOwnCertificate();
  const sockets = new Set<Socket>();
  const server = createServer({ key: keyPem, cert: certPem }, (incoming, answer) => {
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
  return {
    address: `https://localhost:${port}${prefix}`,
    pin,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
