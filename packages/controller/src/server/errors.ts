// Owns how errors leave the server: always as a Status, also those of the framework and of broken HTTP.
// I1: what is not an ApiError is logged once, here, and told to the client without internals.
// I2: of a request's target only the path is logged or told: the query may hold a sign-in link.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, type Reason, toStatus } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../platform/log.ts';

const reasons: Readonly<Record<number, Reason>> = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
  414: 'BadRequest',
  415: 'UnsupportedMediaType',
  503: 'ServiceUnavailable',
};

/** Fastify's own errors carry statusCode; anything else is internal. */
const toApiError = (error: unknown): ApiError | undefined => {
  if (error instanceof ApiError) return error;
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const reason = reasons[Number(error.statusCode)];
  return reason && new ApiError(reason, `cannot answer: ${error.message.slice(0, 300)}`, undefined, error);
};

/** What does not begin any more while the server drains; the client may ask again, here or elsewhere. */
export const stopping = (what: string): ApiError =>
  new ApiError('ServiceUnavailable', `cannot ${what}: the controller is stopping; ask again in a moment`, {
    retryAfterSeconds: 1,
  });

/** I2. */
export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]?.slice(0, 300) ?? '';

const statusOf = (error: unknown, log: Log, fields: Readonly<Record<string, unknown>>) => {
  const known = toApiError(error);
  if (known === undefined) log.error({ ...fields, err: error }, 'a request failed for an internal reason');
  return toStatus(known ?? error);
};

export const sendError = (request: FastifyRequest, reply: FastifyReply, error: unknown, log: Log): void => {
  const status = statusOf(error, log, { method: request.method, path: pathOf(request) });
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) void reply.header('retry-after', String(seconds));
  if (status.code === 401) void reply.header('www-authenticate', 'Bearer realm="drover"');
  void reply.code(status.code).type('application/json').send(JSON.stringify(status));
};

/** A client that does not even take a refusal is cut after this. */
const farewellMs = 1_000;

const endWith = (socket: Socket, answer: string): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.setTimeout(farewellMs, () => socket.destroy());
  socket.end(answer, () => socket.destroy());
};

/** Writes a whole answer on a bare socket and closes it: broken HTTP, refused upgrades. */
export const endSocket = (socket: Socket, error: ApiError): void => {
  const body = JSON.stringify(toStatus(error));
  const line = `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? 'Error'}`;
  const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  const seconds = error.details?.retryAfterSeconds;
  const later = seconds === undefined ? '' : `\r\nretry-after: ${seconds}`;
  endWith(socket, `${line}\r\n${headers}${later}\r\n\r\n${body}`);
};

/**
 * The answer to headers that are too large. It has no body, since the method is not known any more, and an answer to
 * HEAD has none (RFC 9110, 9.3.2): to a client that waits for none, a body is a broken connection.
 */
const tooLargeHeaders =
  'HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** For Fastify's clientErrorHandler: what is not even HTTP, or not even TLS (then there is nobody to tell). */
export const answerClientError = (error: Error & { readonly code?: string }, socket: Socket): void => {
  const { code = '' } = error;
  if (socket.destroyed || !(code.startsWith('HPE_') || code.startsWith('ERR_HTTP_'))) {
    socket.destroy();
    return;
  }
  // Browsers open connections for later. An answer that comes unasked would be taken for that to the next request.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) socket.destroy();
  else if (code === 'HPE_HEADER_OVERFLOW') endWith(socket, tooLargeHeaders);
  else if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    endSocket(socket, new ApiError('Timeout', 'cannot read the request: it did not arrive in time'));
  else endSocket(socket, new ApiError('BadRequest', 'cannot read the request: this is not HTTP/1.1'));
};

export const installErrors = (app: FastifyInstance, log: Log): void => {
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error, log));
  app.setNotFoundHandler((request, reply) => {
    const why = `cannot find ${pathOf(request)}: the server has no such path`;
    sendError(request, reply, new ApiError('NotFound', why), log);
  });
};
