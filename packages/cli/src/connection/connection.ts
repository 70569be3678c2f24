// Owns the HTTPS connection of the command line to one controller.
// I1: the server's certificate is verified against the context's CA and nothing else; there is no way to switch it off.
// I2: a refusal arrives as the ApiError that the server sent; a network fault as a Failure with exit code 3.
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, type Reason, reasonCodes, type Status } from '@drover/api/errors';
import { connectionFailure, Failure } from '../failure.ts';

export interface Endpoint {
  /** host:port or https://host:port */
  readonly address: string;
  /** The CA certificate (PEM) that must have signed the server's certificate. */
  readonly caPem: string;
  readonly token: string;
}

export interface Call {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Raw body instead of JSON. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The answer must begin within this time; default 60,000 ms. 0: no limit. */
  readonly timeoutMs?: number;
}

export interface Connection {
  readonly origin: string;
  readonly endpoint: Endpoint;
  /** The parsed JSON answer (unknown: callers name the shape that docs/protocol.md promises). */
  json<T>(call: Call): Promise<T>;
  /** The raw answer; the caller reads or destroys it. */
  open(call: Call): Promise<IncomingMessage>;
  /** Each line of the answer, parsed. Ends with the answer; throws when it is cut. */
  lines<T>(call: Call): AsyncIterable<T>;
  close(): void;
}

export const toOrigin = (address: string): string => {
  const text = /^[a-z]+:\/\//.test(address) ? address : `https://${address}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Failure(`cannot use address ${address}: not host:port`, { exitCode: 2 });
  }
  if (url.protocol !== 'https:')
    throw new Failure(`cannot use address ${address}: only https is spoken`, { exitCode: 2 });
  const hasPort = /:\d+$/.test(text.slice('https://'.length).split('/')[0] ?? '');
  return hasPort ? `https://${url.host}${url.port === '' ? ':443' : ''}` : `https://${url.host}:7443`;
};

export const toPath = (path: string, query: Call['query'] = {}): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
};

const readText = async (response: IncomingMessage, limitBytes: number): Promise<string> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += (part as Buffer).length;
    if (size > limitBytes) throw new Failure(`cannot read the answer: longer than ${limitBytes} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
};

const reasonOf = (status: Partial<Status>, code: number): Reason => {
  if (status.reason !== undefined && status.reason in reasonCodes) return status.reason as Reason;
  const found = Object.entries(reasonCodes).find(([, value]) => value === code);
  return (found?.[0] ?? 'InternalError') as Reason;
};

const toRefusal = async (response: IncomingMessage, what: string): Promise<ApiError> => {
  const code = response.statusCode ?? 500;
  const text = await readText(response, 1 << 20);
  let status: Partial<Status> = {};
  try {
    status = JSON.parse(text) as Partial<Status>;
  } catch {
    // Not a Status: a proxy or another program answered; its text is shown instead.
  }
  const words = status.message ?? `cannot ${what}: the server answered ${code} ${text.slice(0, 200)}`.trim();
  return new ApiError(reasonOf(status, code), words, status.details);
};

const headersOf = (endpoint: Endpoint, call: Call, payload: string | undefined) => ({
  accept: call.accept ?? 'application/json',
  'user-agent': 'drover',
  ...(endpoint.token === '' ? {} : { authorization: `Bearer ${endpoint.token}` }),
  ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
  ...(payload === undefined && call.bytes === undefined
    ? {}
    : { 'content-type': call.contentType ?? (call.bytes ? 'application/octet-stream' : 'application/json') }),
  ...call.headers,
});

const exchange = (agent: Agent, endpoint: Endpoint, origin: string, call: Call): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outgoing = request(`${origin}${toPath(call.path, call.query)}`, {
      method: call.method ?? 'GET',
      agent,
      headers: headersOf(endpoint, call, payload),
      ...(call.signal ? { signal: call.signal } : {}),
    });
    const timeoutMs = call.timeoutMs ?? 60_000;
    if (timeoutMs > 0)
      outgoing.setTimeout(timeoutMs, () =>
        outgoing.destroy(
          Object.assign(new Error(`no answer in ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' }),
        ),
      );
    outgoing.once('response', (response) => {
      outgoing.setTimeout(0);
      resolve(response);
    });
    outgoing.on('error', reject);
    if (call.bytes === undefined) outgoing.end(payload);
    else pipeline(Readable.from(call.bytes, { objectMode: false }), outgoing).catch(reject);
  });

/** Lines of a body as Buffers without their newline; a last line without newline is given too. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
      yield Buffer.concat([...rest, data.subarray(from, at)]);
      rest = [];
      from = at + 1;
    }
    if (from < data.length) rest.push(data.subarray(from));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

export const openConnection = (endpoint: Endpoint): Connection => {
  const origin = toOrigin(endpoint.address);
  const agent = new Agent({ ca: endpoint.caPem, keepAlive: true, minVersion: 'TLSv1.2', maxSockets: 16 });

  const open = async (call: Call): Promise<IncomingMessage> => {
    let response: IncomingMessage;
    try {
      response = await exchange(agent, endpoint, origin, call);
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw connectionFailure(origin, error);
    }
    const code = response.statusCode ?? 500;
    if (code >= 400) throw await toRefusal(response, `${call.method ?? 'GET'} ${call.path}`);
    return response;
  };

  const json = async <T>(call: Call): Promise<T> => {
    const response = await open(call);
    try {
      const text = await readText(response, 512 << 20);
      return (text === '' ? {} : JSON.parse(text)) as T;
    } catch (error) {
      throw connectionFailure(origin, error);
    }
  };

  async function* lines<T>(call: Call): AsyncGenerator<T> {
    const response = await open({ timeoutMs: 0, ...call });
    try {
      for await (const line of splitLines(response))
        if (line.length > 0) yield JSON.parse(line.toString('utf8')) as T;
    } catch (error) {
      throw call.signal?.aborted ? error : connectionFailure(origin, error);
    } finally {
      response.destroy();
    }
  }

  return { origin, endpoint, open, json, lines, close: () => agent.destroy() };
};
