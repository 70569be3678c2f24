// Owns HTTP on the agents' port: content and the agent file, for nodes with a good certificate.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ApiError, toStatus } from '@drover/api';
import { parseTarget } from './content.ts';
import type { GatewayOptions } from './deps.ts';
import type { Peer } from './peer.ts';
import type { Bearer, SessionRegistry } from './registry.ts';

export interface AgentHttpOptions extends Pick<GatewayOptions, 'store' | 'content' | 'agentRelease' | 'log'> {
  readonly registry: SessionRegistry;
}

const firstRequestMs = 15_000;
const idleMs = 120_000;

/** HTTP on connections that the listener hands over; it has no port of its own. */
export class AgentHttp {
  private readonly options: AgentHttpOptions;
  private readonly server: Server;
  /** Ends a connection that makes no request. */
  private readonly slow = new WeakMap<Socket, NodeJS.Timeout>();

  constructor(options: AgentHttpOptions) {
    this.options = options;
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.timeout = idleMs;
    this.server.keepAliveTimeout = idleMs;
    this.server.requestTimeout = 0;
    this.server.on('clientError', (_, socket) => socket.destroy());
  }

  /** Checks the certificate against the store, then serves. */
  async accept(socket: TLSSocket, peer: Peer): Promise<void> {
    const { registry, store, log } = this.options;
    const bearer: Bearer = { serials: new Set([peer.serial]), close: () => socket.destroy() };
    registry.track(bearer);
    const slow = setTimeout(() => socket.destroy(), firstRequestMs);
    socket.once('close', () => {
      clearTimeout(slow);
      registry.forget(bearer);
    });
    try {
      const row = await store.credentials.certificate(peer.serial);
      if (row?.subject !== `node:${peer.node}` || row.revokedAtMs !== 0)
        throw new Error('revoked or unknown');
    } catch (err) {
      log.warn({ node: peer.node, err }, 'cannot serve content: certificate not accepted');
      socket.destroy();
      return;
    }
    if (socket.destroyed) return;
    this.slow.set(socket, slow);
    this.server.emit('connection', socket);
    socket.resume();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    clearTimeout(this.slow.get(request.socket));
    const { pathname } = parseTarget(request.url);
    if (pathname.startsWith('/content/')) this.options.content(request, response);
    else if (pathname.startsWith('/agent/'))
      this.sendAgentFile(pathname.slice('/agent/'.length), request, response);
    else refuse(response, `cannot find ${pathname}: this port serves /content/ and /agent/ only`);
  }

  private sendAgentFile(sha256: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.options.agentRelease?.();
    if (file?.sha256 !== sha256) {
      refuse(response, `cannot find agent file ${sha256.slice(0, 64)}: it is not the one in force`);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/x-python', 'content-length': file.bytes.length });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }
}

const refuse = (response: ServerResponse, message: string): void => {
  const status = toStatus(new ApiError('NotFound', message));
  response.writeHead(status.code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(status));
};
