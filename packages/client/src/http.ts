// Owns the HTTPS connection of a client to one controller.
// I1: the server's certificate is verified against the given CA and nothing else; there is no way to switch it off.
// I2: a refusal arrives as the ApiError that the server sent; a network fault as ServiceUnavailable with a cause.
// I3: nothing is sent twice unless sending it again has no effect (GET, HEAD): when its connection was closed before an answer, or when
//     the controller says when to ask again. What was never sent, because no connection stood, is sent again whatever it is, but only
//     to a controller that has answered before: a wrong address is told at once. After `awayMs` the fault is told; of an answer that goes
//     on (bytes, lines) at once, since whoever reads it goes on from where it is.
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '@drover/api/errors';
import { sleep } from './resume.ts';
import { watchStanding } from './standing.ts';
import { type Call, type Transport, toPath, toRefusal } from './transport.ts';

export interface Endpoint {
  /** host:port or https://host:port; the port is 7443 when it is not given. */
  readonly address: string;
  /** The CA certificate (PEM) that must have signed the server's certificate. */
  readonly caPem: string;
  /** '' : without signing in. */
  readonly token: string;
}

export interface Http extends Transport {
  readonly endpoint: Endpoint;
  /** The raw answer; the caller reads or destroys it. */
  open(call: Call): Promise<IncomingMessage>;
}

const defaultPort = 7443;
const answerMs = 60_000;
const maxJsonBytes = 1024 * 1024 * 1024;
const maxStatusBytes = 1024 * 1024;
const maxLineBytes = 64 * 1024 * 1024;
/** A controller that is started again is back by then. */
const awayMs = 30_000;
const firstWaitMs = 50;
const maxWaitMs = 1_000;

/** https://host:port of an address. Throws BadRequest. */
export const toOrigin = (address: string): string => {
  const text = address.includes('://') ? address : `https://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.host === '') {
    throw new ApiError('BadRequest', `cannot use address "${address}": give host:port or https://host:port`);
  }
  // URL drops the port of plain https; a port that was written counts.
  const isWritten = /:\d+(\/|$)/.test(text.slice('https://'.length));
  const port = url.port === '' ? (isWritten ? 443 : defaultPort) : url.port;
  return `https://${url.hostname}:${port}`;
};

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the controller running there?',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved now',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no route to the host',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not from the authority that this client trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not from the authority that this client trusts',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is not made for this name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** A network fault in words. */
const toUnreachable = (origin: string, error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  const why = causes[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new ApiError('ServiceUnavailable', `cannot reach ${origin}: ${why}`, undefined, error);
};

/** Whether the controller could not be reached at all, in contrast to its own answer that it is not available. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'ServiceUnavailable' && error.cause !== undefined;

const readText = async (answer: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> => {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of answer) {
    sizeBytes += part.length;
    if (sizeBytes > limitBytes) throw new Error(`the answer is longer than ${limitBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

const headersOf = (endpoint: Endpoint, call: Call, payload: string | undefined): Record<string, string> => {
  const type = payload === undefined ? 'application/octet-stream' : 'application/json';
  const hasBody = payload !== undefined || call.bytes !== undefined;
  return {
    accept: call.accept ?? 'application/json',
    // Whom writes are noted under that name no fieldManager.
    'user-agent': 'drover-client',
    ...(endpoint.token === '' ? {} : { authorization: `Bearer ${endpoint.token}` }),
    ...(payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }),
    ...(hasBody ? { 'content-type': call.contentType ?? type } : {}),
    ...call.headers,
  };
};

interface Wire {
  readonly agent: Agent;
  readonly endpoint: Endpoint;
  readonly origin: string;
  /** The controller has answered before. */
  isKnown: boolean;
}

/** Requests that failed before anything was sent: no connection stood. */
const unsent = new WeakSet<object>();

/** One request; resolves to the head of its answer. */
const exchange = ({ agent, endpoint, origin }: Wire, call: Call): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { signal, body, bytes, method = 'GET', timeoutMs = answerMs } = call;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = headersOf(endpoint, call, payload);
    const options = { method, agent, headers, ...(signal === undefined ? {} : { signal }) };
    const outgoing = request(`${origin}${toPath(call)}`, options);
    const timer = setTimeout(onLate, timeoutMs === 0 ? 0x7fffffff : timeoutMs);
    function onLate(): void {
      outgoing.destroy(Object.assign(new Error(`no answer in ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }
    const stands = watchStanding(outgoing);
    outgoing.once('response', (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      if (!stands()) unsent.add(error);
      reject(error);
    });
    if (bytes === undefined) outgoing.end(payload);
    // A refusal in the middle of an upload ends the pipe; the answer has then been seen or the error told above.
    else pipeline(Readable.from(bytes, { objectMode: false }), outgoing).catch(reject);
  });

const readsOnly = ({ method = 'GET' }: Call): boolean => method === 'GET' || method === 'HEAD';

const cuts = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);

/** I3. */
const mayRepeat = ({ isKnown }: Wire, call: Call, error: unknown): boolean => {
  if (!isKnown || call.bytes !== undefined || !cuts.has(codeOf(error))) return false;
  return readsOnly(call) || (error instanceof Error && unsent.has(error));
};

/** How long the controller asks to be left alone; undefined: the answer is to be taken as it is. */
const askedWaitMs = (call: Call, { statusCode, headers }: IncomingMessage): number | undefined => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return statusCode === 503 && readsOnly(call) && seconds >= 0 ? seconds * 1_000 : undefined;
};

/** The answer, over a controller that stops and one that begins, for `patienceMs` (I3). */
const persist = async (wire: Wire, call: Call, patienceMs: number): Promise<IncomingMessage> => {
  let waitedMs = 0;
  for (let waitMs = 0; ; waitMs = Math.min(maxWaitMs, waitMs * 2 + firstWaitMs)) {
    let wanted = waitMs;
    try {
      const answer = await exchange(wire, call);
      wire.isKnown = true;
      const asked = askedWaitMs(call, answer);
      if (asked === undefined || waitedMs + asked > patienceMs) return answer;
      answer.resume();
      wanted = Math.max(wanted, asked);
    } catch (error) {
      if (waitedMs > patienceMs || !mayRepeat(wire, call, error)) throw error;
    }
    // Half of the wait is chance, as in resume.ts.
    await sleep(wanted / 2 + (Math.random() * wanted) / 2, call.signal);
    waitedMs += wanted;
  }
};

/** Lines of a body as text, without their ends. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
      yield Buffer.concat([...rest, data.subarray(from, at)]).toString('utf8');
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    if (from < data.length) rest.push(data.subarray(from));
    restBytes += data.length - from;
    if (restBytes > maxLineBytes)
      throw new Error(`a line of the answer is longer than ${maxLineBytes} bytes`);
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

export const createHttp = (endpoint: Endpoint): Http => {
  const origin = toOrigin(endpoint.address);
  const agent = new Agent({
    ca: endpoint.caPem,
    keepAlive: true,
    keepAliveMsecs: 30_000,
    minVersion: 'TLSv1.2',
    maxSockets: 64,
  });

  const wire: Wire = { agent, endpoint, origin, isKnown: false };

  /** Turns what is thrown on the way into ApiErrors; an abort stays what it is. */
  const told = (error: unknown, call: Call): unknown =>
    call.signal?.aborted === true ? call.signal.reason : toUnreachable(origin, error);

  const open = async (call: Call, patienceMs = 0): Promise<IncomingMessage> => {
    try {
      const answer = await persist(wire, call, patienceMs);
      const { statusCode = 500 } = answer;
      if (statusCode < 400) return answer;
      const text = await readText(answer, maxStatusBytes);
      throw toRefusal(statusCode, text, `${call.method ?? 'GET'} ${call.path}`);
    } catch (error) {
      throw told(error, call);
    }
  };

  async function* bytes(call: Call): AsyncGenerator<Uint8Array> {
    const answer = await open(call);
    try {
      yield* answer;
    } catch (error) {
      throw told(error, call);
    } finally {
      answer.destroy();
    }
  }

  async function* lines<T>(call: Call): AsyncGenerator<T> {
    for await (const line of splitLines(bytes(call))) if (line !== '') yield JSON.parse(line) as T;
  }

  const json = async <T>(call: Call): Promise<T> => {
    const answer = await open(call, awayMs);
    try {
      const text = await readText(answer, maxJsonBytes);
      return JSON.parse(text === '' ? '{}' : text) as T;
    } catch (error) {
      throw told(error, call);
    }
  };

  return { origin, endpoint, open: (call) => open(call), json, lines, bytes, close: () => agent.destroy() };
};
