// Owns a proxy before a controller. It may show it under a path of its own, as nginx or Apache would (/drover/... becomes
// /... with X-Forwarded-Prefix); WebSockets pass too. And it may do what networks and servers do to a page: keep some
// answers back, refuse some requests, or cut every connection.

import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { makeOwnCertificate } from './certificate.ts';
import type { AdminContext } from './controller.ts';

/** A Status that is answered instead of the controller's own answer. */
export interface Refusal {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/** What becomes of a request, perhaps after a while; undefined: it passes. */
export type Fault = Refusal | undefined | Promise<Refusal | undefined>;

export interface PathProxy {
  /** https://localhost:port and the prefix */
  readonly address: string;
  /** sha256 of its key, for a browser to trust. */
  readonly pin: string;
  /** From now on, what becomes of requests, by path and query below the prefix. */
  setFault(faultOf: (url: string) => Fault): void;
  /** Every connection ends, and new ones do at once; until false. */
  cut(isCut: boolean): void;
  close(): Promise<void>;
}

/** The request to the controller; undefined for what is not below the prefix. */
const forward = ({ address, caPem }: AdminContext, prefix: string, incoming: IncomingMessage) => {
  if (incoming.url?.startsWith(`${prefix}/`) !== true) return undefined;
  return request(new URL(incoming.url.slice(prefix.length), address), {
    method: incoming.method ?? 'GET',
    ca: caPem,
    headers: { ...incoming.headers, ...(prefix === '' ? {} : { 'x-forwarded-prefix': prefix }) },
  });
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

/** As HTTP has it: what refuses an upgrade is written to a bare socket. */
const toRefusal = ({ code, reason, message }: Refusal): string => {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
  return `HTTP/1.1 ${code} Refused\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
};

const passUpgrade = (
  controller: AdminContext,
  prefix: string,
  incoming: IncomingMessage,
  socket: Socket,
  head: Buffer,
) => {
  const outgoing = forward(controller, prefix, incoming);
  if (outgoing === undefined) return void socket.destroy();
  outgoing.on('upgrade', (reply, upstream, first) => {
    const lines = reply.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
    socket.write(first);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.once('close', () => upstream.destroy());
  });
  outgoing.on('response', () => socket.destroy());
  outgoing.on('error', () => socket.destroy());
  outgoing.end();
};

/** `prefix`: '' is none. */
export const startPathProxy = async (controller: AdminContext, prefix = '/drover'): Promise<PathProxy> => {
  const { keyPem, certPem, pin } = await makeOwnCertificate();
  const sockets = new Set<Socket>();
  let faultOf: (url: string) => Fault = () => undefined;
  let isCut = false;
  /** undefined once the request may pass. */
  const judge = async ({ url = '' }: IncomingMessage): Promise<string | undefined> => {
    const refusal = await faultOf(url.slice(prefix.length));
    return refusal === undefined ? undefined : toRefusal(refusal);
  };
  const server = createServer({ key: keyPem, cert: certPem }, async (incoming, answer) => {
    const refusal = await judge(incoming);
    if (refusal !== undefined) return void incoming.socket.end(refusal);
    if (incoming.socket.destroyed) return;
    const outgoing = forward(controller, prefix, incoming);
    if (outgoing === undefined) return void answer.writeHead(404).end(`not below ${prefix}/`);
    outgoing.on('response', (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connection', (socket: Socket) => {
    if (isCut) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', async (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = await judge(incoming);
    if (refusal === undefined) passUpgrade(controller, prefix, incoming, socket, head);
    else socket.end(refusal);
  });
  const port = await listen(server);
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `https://localhost:${port}${prefix}`,
    pin,
    setFault: (next) => {
      faultOf = next;
    },
    cut: (next) => {
      isCut = next;
      if (isCut) cutAll();
    },
    close: async () => {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
