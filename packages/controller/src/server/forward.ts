// Owns requests that need the session of an agent which another controller has: they are handed to that controller as they came,
// with the caller's own credentials, and its answer is handed back.
// I1: the caller is known and allowed here first, and is judged again there; the row of the audit trail is written there.
// I2: a request is handed on once: with the header it is answered where it arrives.
// I3: the other controller is who the CA, which all share, says that it is.
// I4: from where the caller came, and which certificate they showed, is believed only with the proof of a controller of this fleet.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { presentedCertificate } from './client-certificate.ts';
import { endSocket } from './errors.ts';

const header = 'x-drover-forwarded';
/** An agent has half a minute to answer its controller. */
const answerMs = 40_000;

/** What a request is for the proof (I4): nobody else can use it for another one. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** What the caller showed instead of a secret in the headers (client-certificate.ts). */
  readonly certificate?: string | undefined;
}

export interface ForwardDeps {
  /** https://host:port of the other controller that has the node's agent; undefined: nobody else has. */
  readonly elsewhere: (node: string) => Promise<string | undefined>;
  /** Known to every controller of this fleet, and to nobody else. */
  readonly secret: Uint8Array;
  readonly caPem: string;
}

export interface Forwarder {
  /** Where the request is to be handed to; undefined: it is answered here. */
  target(node: string, headers: IncomingHttpHeaders): Promise<string | undefined>;
  /** The answer is on its way back when it resolves. @throws ApiError ServiceUnavailable */
  pass(address: string, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Joins both sockets for as long as both last. */
  passUpgrade(address: string, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The headers of a request as it is handed on. */
  stamped(asked: Asked, from: string): IncomingHttpHeaders;
  /** From where a request came that another controller handed on; undefined: it did not. */
  origin(asked: Asked): string | undefined;
  /** sha256 of the client certificate of a request: of its connection, or the one that another controller was shown. */
  certificate(request: IncomingMessage): string | undefined;
  /** Cuts what still goes on. */
  close(): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The path parameter `name` is a node whose agent must be connected to the controller that answers. */
    needsSession?: true;
  }
}

const proofOf = (
  secret: Uint8Array,
  { method, url, headers, certificate }: Asked,
  address: string,
): Buffer => {
  const { authorization = '', cookie = '' } = headers;
  // Without a certificate it is what controllers of 0.1 know.
  const shown = certificate === undefined ? [] : [certificate];
  return createHmac('sha256', secret)
    .update(JSON.stringify([address, method, url, authorization, cookie, ...shown]))
    .digest();
};

const unreachable = (address: string, error: unknown): ApiError => {
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError(
    'ServiceUnavailable',
    `cannot reach the controller ${address}, which the node's agent is connected to: ${why}; ask again in a moment`,
    { retryAfterSeconds: 1 },
    error,
  );
};

const headLines = ({ statusCode = 101, statusMessage = '', rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

const join = (one: Duplex, other: Duplex): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    from.pipe(to);
  }
};

class OwnForwarder implements Forwarder {
  readonly #deps: ForwardDeps;
  readonly #open = new Set<Duplex>();

  constructor(deps: ForwardDeps) {
    this.#deps = deps;
  }

  async target(node: string, headers: IncomingHttpHeaders): Promise<string | undefined> {
    return headers[header] === undefined ? this.#deps.elsewhere(node) : undefined; // I2
  }

  stamped(asked: Asked, from: string): IncomingHttpHeaders {
    const proof = proofOf(this.#deps.secret, asked, from).toString('base64url');
    const shown = asked.certificate === undefined ? '' : ` ${asked.certificate}`;
    return { ...asked.headers, [header]: `${proof} ${from}${shown}` };
  }

  #begin(address: string, asked: Asked, from: string): ClientRequest {
    const { hostname, port } = new URL(address);
    const host = hostname.replace(/^\[|\]$/g, '');
    const options: RequestOptions = {
      ...{ host, port, method: asked.method, path: asked.url, agent: false },
      ...{ ca: this.#deps.caPem, servername: isIP(host) === 0 ? host : '' }, // I3: not by the Host header, which is the caller's
      headers: this.stamped(asked, from),
      timeout: answerMs,
    };
    const upstream = requestHttps(options);
    upstream.once('timeout', () => upstream.destroy(new Error(`no answer within ${answerMs / 1000} s`)));
    return upstream;
  }

  async pass(address: string, { raw, ip }: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { method = '', url = '', headers } = raw;
    const certificate = presentedCertificate(raw.socket);
    const upstream = this.#begin(address, { method, url, headers, certificate }, ip);
    reply.raw.once('close', () => upstream.destroy());
    raw.pipe(upstream);
    const [answer] = (await once(upstream, 'response').catch((error: unknown) => {
      throw unreachable(address, error);
    })) as [IncomingMessage];
    upstream.on('error', () => reply.raw.destroy());
    reply.hijack();
    reply.raw.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(reply.raw);
  }

  passUpgrade(address: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { method = '', url = '', headers } = request;
    const certificate = presentedCertificate(request.socket);
    const asked = { method, url, headers, certificate };
    const upstream = this.#begin(address, asked, request.socket.remoteAddress ?? '');
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      upstream.destroy();
    });
    // The listener's sockets are TLS sockets; node types the event's more widely.
    upstream.once('error', (error) => endSocket(socket as Socket, unreachable(address, error)));
    upstream.once('response', (answer) => {
      socket.write(headLines(answer));
      answer.pipe(socket);
    });
    upstream.once('upgrade', (answer, other, first) => {
      other.setTimeout(0);
      socket.write(headLines(answer));
      socket.write(first);
      other.write(head);
      join(socket, other);
    });
    upstream.end();
  }

  /** I4. */
  #told({
    method,
    url,
    headers,
  }: Asked): { readonly from: string; readonly certificate?: string } | undefined {
    const told = headers[header];
    if (typeof told !== 'string') return undefined;
    const [proof = '', from = '', certificate] = told.split(' ');
    const given = Buffer.from(proof, 'base64url');
    const wanted = proofOf(this.#deps.secret, { method, url, headers, certificate }, from);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return { from, ...(certificate === undefined ? {} : { certificate }) };
  }

  origin(asked: Asked): string | undefined {
    return this.#told(asked)?.from;
  }

  certificate({ method = '', url = '', headers, socket }: IncomingMessage): string | undefined {
    const told = headers[header] === undefined ? undefined : this.#told({ method, url, headers });
    return told?.certificate ?? presentedCertificate(socket);
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

export const createForwarder = (deps: ForwardDeps): Forwarder => new OwnForwarder(deps);

/** Call after the callers are known and have their turn, and before bodies are read. */
export const installForwarding = (app: FastifyInstance, forwarder: Forwarder): void => {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.needsSession !== true) {
      done();
      return;
    }
    const { name = '' } = request.params as Readonly<Record<string, string | undefined>>;
    const handOn = async (): Promise<void> => {
      const address = await forwarder.target(name, request.headers);
      if (address === undefined) {
        done();
        return;
      }
      await forwarder.pass(address, request, reply);
      request.audit = null; // I1
    };
    handOn().catch(done);
  });
};
