// Owns /content/* (docs/protocol.md section 1), on both ports, for callers who are known and allowed.
// I1: constant memory per request in both directions; a body is read at the pace of the disk.
// I2: content is named by its hash, so that an answer about it never changes.
// I3: when content is to end (the controller stops), an upload is answered with ServiceUnavailable once what has come is on disk, and
//     a download is cut: both are taken up again where they stand.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ApiError, toStatus } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { BlobStore } from '../store/store.ts';
import { parseRange } from './byte-range.ts';
import { endingWith, inPieces } from './pieces.ts';
import { sendFile } from './send-file.ts';

export interface ContentDeps {
  readonly store: {
    readonly blobs: Pick<
      BlobStore,
      'get' | 'use' | 'open' | 'beginUpload' | 'uploadOffset' | 'appendUpload' | 'finishUpload'
    >;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** `ends`: aborted when what can be taken up again is to end (I3). */
export type ContentHandler = (request: IncomingMessage, response: ServerResponse, ends?: AbortSignal) => void;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the pattern of the route captured. */
  readonly id: string;
  readonly ends: AbortSignal | undefined;
}

type Answer = (deps: ContentDeps, exchange: Exchange) => Promise<void>;

/** Path and query of a request line; never throws, whatever was sent. */
export const parseTarget = (url = '/'): { readonly pathname: string; readonly query: URLSearchParams } => {
  const mark = url.indexOf('?');
  const pathname = mark < 0 ? url : url.slice(0, mark);
  return { pathname, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
};

const jsonBytes = 16 * 1024;
const pieceBytes = 512 * 1024;
/** How long a client that sends nothing more, or does not stop to, may keep an answer from being seen. */
const lastWordMs = 1_000;

const sendJson = (response: ServerResponse, code: number, value: unknown): void => {
  const body = JSON.stringify(value);
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

const parseJson = async (
  request: IncomingMessage,
  verb: string,
): Promise<Readonly<Record<string, unknown>>> => {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (!(announced <= jsonBytes)) {
    const why = `its length must be announced and at most ${jsonBytes} bytes`;
    throw new ApiError('RequestEntityTooLarge', `cannot ${verb}: the body is too large; ${why}`);
  }
  try {
    const value: unknown = JSON.parse((await buffer(request)).toString());
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (cause) {
    throw new ApiError('BadRequest', `cannot ${verb}: the body is not JSON`, undefined, cause);
  }
  throw new ApiError('BadRequest', `cannot ${verb}: the body is not a JSON object`);
};

const beginUpload: Answer = async ({ store, clock }, { request, response }) => {
  const { sizeBytes, sha256 } = await parseJson(request, 'begin an upload');
  if (typeof sizeBytes !== 'number') {
    throw new ApiError('BadRequest', 'cannot begin an upload: sizeBytes must be a number');
  }
  if (sha256 !== undefined && typeof sha256 !== 'string') {
    throw new ApiError('BadRequest', 'cannot begin an upload: sha256 must be a string');
  }
  const there = sha256 === undefined ? undefined : await store.blobs.use(sha256, clock.nowMs());
  if (there !== undefined) {
    const { createdAtMs: _, ...index } = there;
    return sendJson(response, 200, index);
  }
  sendJson(response, 201, { id: await store.blobs.beginUpload(sizeBytes, clock.nowMs()) });
};

const showUpload: Answer = async ({ store }, { response, id }) =>
  sendJson(response, 200, { offset: await store.blobs.uploadOffset(id) });

const stopping = (): ApiError =>
  new ApiError(
    'ServiceUnavailable',
    'cannot take the rest: the controller is stopping; go on from the offset',
    {
      retryAfterSeconds: 1,
    },
  );

const appendUpload: Answer = async ({ store }, { request, response, query, id, ends }) => {
  const offset = Number(query.get('offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new ApiError(
      'BadRequest',
      'cannot append to an upload: the query must have offset, a whole number from 0',
    );
  }
  const pieces = inPieces(endingWith(request, ends, stopping), pieceBytes);
  const giveUp = (): void => void setTimeout(() => request.destroy(), lastWordMs).unref();
  ends?.addEventListener('abort', giveUp);
  try {
    sendJson(response, 200, { offset: await store.blobs.appendUpload(id, offset, pieces) });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error;
    endAfter(request, response);
    sendJson(response, 409, { ...toStatus(error), offset: await store.blobs.uploadOffset(id) });
  } finally {
    ends?.removeEventListener('abort', giveUp);
  }
};

const finishUpload: Answer = async ({ store, clock }, { request, response, id }) => {
  const { sha256 } = await parseJson(request, 'finish an upload');
  if (typeof sha256 !== 'string') {
    throw new ApiError('BadRequest', 'cannot finish an upload: sha256 must be a string');
  }
  const { createdAtMs: _, ...index } = await store.blobs.finishUpload(id, sha256, clock.nowMs());
  sendJson(response, 200, index);
};

const blobOf = async ({ store }: ContentDeps, sha256: string) => {
  const blob = await store.blobs.get(sha256);
  if (!blob) throw new ApiError('NotFound', `cannot find content ${sha256}: it is not here; upload it first`);
  return blob;
};

const showIndex: Answer = async (deps, { response, id }) => {
  const { createdAtMs: _, ...index } = await blobOf(deps, id);
  sendJson(response, 200, index);
};

const showContent: Answer = async (deps, { request, response, id, ends }) => {
  const { sizeBytes } = await blobOf(deps, id);
  const etag = `"${id}"`;
  const ifRange = request.headers['if-range'];
  const asked = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = parseRange(asked, sizeBytes);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('etag', etag);
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${sizeBytes}`);
    throw new ApiError(
      'RangeNotSatisfiable',
      `cannot send ${request.headers.range}: there are ${sizeBytes} bytes`,
    );
  }
  const file = request.method === 'HEAD' ? undefined : await deps.store.blobs.open(id);
  const part = range === 'whole' ? { start: 0, end: sizeBytes - 1 } : range;
  response.writeHead(range === 'whole' ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': part.end + 1 - part.start,
    ...(range === 'whole' ? {} : { 'content-range': `bytes ${part.start}-${part.end}/${sizeBytes}` }),
  });
  const cut = (): void => void response.destroy();
  ends?.addEventListener('abort', cut);
  try {
    if (file !== undefined) await sendFile(file, part, response);
  } finally {
    ends?.removeEventListener('abort', cut);
  }
  response.end();
};

const routes: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
  ['POST', /^\/content\/uploads()$/, beginUpload],
  ['GET', /^\/content\/uploads\/([\w-]{1,64})$/, showUpload],
  ['PUT', /^\/content\/uploads\/([\w-]{1,64})$/, appendUpload],
  ['POST', /^\/content\/uploads\/([\w-]{1,64})\/finish$/, finishUpload],
  ['GET', /^\/content\/([0-9a-f]{64})\/index$/, showIndex],
  ['GET', /^\/content\/([0-9a-f]{64})$/, showContent],
  ['HEAD', /^\/content\/([0-9a-f]{64})$/, showContent],
];

const route = async (
  deps: ContentDeps,
  request: IncomingMessage,
  response: ServerResponse,
  ends: AbortSignal | undefined,
): Promise<void> => {
  const { pathname, query } = parseTarget(request.url);
  const found = routes.filter(([, path]) => path.test(pathname));
  if (found.length === 0) throw new ApiError('NotFound', `cannot find ${pathname}: no such content path`);
  const match = found.find(([method]) => method === request.method);
  if (!match) {
    response.setHeader('allow', found.map(([method]) => method).join(', '));
    throw new ApiError(
      'MethodNotAllowed',
      `cannot ${request.method} ${pathname}: only ${found.map(([m]) => m).join(', ')}`,
    );
  }
  const [, path, answer] = match;
  await answer(deps, { request, response, query, id: path.exec(pathname)?.[1] ?? '', ends });
};

/** What is left of a long body is not read: the connection ends with the answer. */
const endAfter = (request: IncomingMessage, response: ServerResponse): void => {
  if (!request.complete) response.setHeader('connection', 'close');
};

/** The error as an answer, or, once an answer has begun, as a connection that ends before its length. */
const fail = (
  deps: ContentDeps,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void => {
  if (response.headersSent || response.destroyed) {
    deps.log.debug({ err: error, url: request.url }, 'content was not sent to its end');
    response.destroy();
    return;
  }
  if (!(error instanceof ApiError))
    deps.log.error({ err: error, url: request.url }, 'cannot answer about content');
  const status = toStatus(error);
  endAfter(request, response);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) response.setHeader('retry-after', seconds);
  sendJson(response, status.code, status);
};

/** A plain node:http handler, which reads the body itself. Whoever calls it has checked the caller. */
export const createContentHandler =
  (deps: ContentDeps): ContentHandler =>
  (request, response, ends) => {
    route(deps, request, response, ends).catch((error) => fail(deps, request, response, error));
  };
