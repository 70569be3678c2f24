// Owns answers that go on in WebSockets: a watch, results or a log that a browser page asks for with an upgrade. Browsers
// hold six HTTP connections to a server, and a page of the console watches more than that; Kubernetes offers the same.
// I1: such a request meets the same parts, in the same order, as without the upgrade: routes do not know the difference.
// I2: a page of another site gets nothing: its browser says where it is from, and a cookie does not count then.
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '@drover/api';
import { isSameOrigin } from './access.ts';
import { endSocket } from './errors.ts';
import { MessageResponse, tableProtocol } from './message-response.ts';

const isEndless = (url: string): boolean => {
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  return ['watch', 'follow'].some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
};

const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** The Accept header of what the client asked for by subprotocol: a page cannot set headers of a WebSocket. */
const acceptOf = (request: IncomingMessage): string => {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  return offered.includes(tableProtocol) ? tableType : 'application/json';
};

/** True when the request was one for this door: it is answered then. */
export const onStreamUpgrade = (
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): boolean => {
  if (!isEndless(request.url ?? '')) return false;
  socket.on('error', () => socket.destroy());
  if (request.headers.authorization === undefined && !isSameOrigin(request.headers)) {
    const why = 'cannot accept a cookie from a page of another site: use a token';
    // The listener's sockets are TLS sockets; node types the event's more widely.
    endSocket(socket as Socket, new ApiError('Forbidden', why));
    return true;
  }
  request.headers.accept = acceptOf(request);
  server.emit('request', request, new MessageResponse(request, socket, head));
  return true;
};
