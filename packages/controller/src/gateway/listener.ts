// Owns the agents' TLS port up to the first byte: who may connect, and which protocol is spoken.
// I1: no byte is handed on before the client's certificate is verified against the CA.
// I2: a connection that does not finish TLS or stays silent is closed in time, and the oldest stranger gives way when
//     there are too many: half-open connections cannot keep agents out.
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Log } from '../platform/log.ts';
import type { GatewayAuthority, GatewaySettings } from './deps.ts';
import { type Peer, parsePeer } from './peer.ts';

export interface ListenerOptions {
  readonly authority: GatewayAuthority;
  readonly host: string;
  readonly port: number;
  readonly settings: Pick<GatewaySettings, 'handshakeTimeoutMs' | 'strangers'>;
  readonly log: Log;
  /** Takes over a connection whose first bytes are still to be read. */
  readonly onThrift: (socket: TLSSocket, peer: Peer) => void;
  readonly onHttp: (socket: TLSSocket, peer: Peer) => void;
}

const backlog = 4096;

export class Listener {
  private readonly options: ListenerOptions;
  private readonly server: Server;
  /** By remote address and port; in order of arrival. */
  private readonly strangers = new Map<string, Socket>();
  private readonly silent = new Set<TLSSocket>();
  private closed: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.server = createServer({
      ...this.tls(),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: options.settings.handshakeTimeoutMs,
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    });
    this.server.on('connection', (socket: Socket) => this.meet(socket));
    this.server.on('secureConnection', (socket) => this.welcome(socket));
    this.server.on('tlsClientError', (err, socket) => {
      options.log.debug({ err, address: socket.remoteAddress }, 'a connection did not finish TLS');
      // A handshake that takes too long is only told, not ended.
      socket.destroy();
    });
  }

  private tls(): { readonly key: string; readonly cert: string; readonly ca: string } {
    const { keyPem, certPem } = this.options.authority.serverTls();
    return { key: keyPem, cert: certPem, ca: this.options.authority.caPem };
  }

  refreshTls(): void {
    this.server.setSecureContext({
      ...this.tls(),
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    });
  }

  /** Resolves to the port. Throws what listen says, e.g. EADDRINUSE. */
  listen(): Promise<number> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, backlog }, () => {
        this.server.removeListener('error', reject);
        this.server.on('error', (err) => this.options.log.error({ err }, 'the agent port failed'));
        const address = this.server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  private meet(socket: Socket): void {
    const key = keyOf(socket);
    this.strangers.set(key, socket);
    socket.once('close', () => this.strangers.delete(key));
    if (this.strangers.size <= this.options.settings.strangers) return;
    const [oldest] = this.strangers.values();
    oldest?.destroy();
  }

  private welcome(socket: TLSSocket): void {
    this.strangers.delete(keyOf(socket));
    const peer = parsePeer(socket);
    socket.on('error', () => socket.destroy());
    if (!peer) {
      this.options.log.warn({ address: socket.remoteAddress }, 'cannot accept a certificate that is no node');
      socket.destroy();
      return;
    }
    this.silent.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.options.settings.handshakeTimeoutMs);
    const heard = () => {
      clearTimeout(timer);
      this.silent.delete(socket);
    };
    socket.once('close', heard);
    socket.once('data', (chunk: Uint8Array) => {
      heard();
      socket.pause();
      socket.unshift(chunk);
      this.handOn(socket, peer, chunk[0] ?? 0);
    });
  }

  private handOn(socket: TLSSocket, peer: Peer, first: number): void {
    if (first === 0) this.options.onThrift(socket, peer);
    else if (isLetter(first)) this.options.onHttp(socket, peer);
    else {
      this.options.log.warn({ node: peer.node, first }, 'cannot tell what a connection speaks');
      socket.destroy();
    }
  }

  /** Stops listening; connections handed on are their owners' to close, and it resolves when they have. */
  close(): Promise<void> {
    this.closed ??= new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.strangers.values()) socket.destroy();
    for (const socket of this.silent) socket.destroy();
    return this.closed;
  }
}

const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

const keyOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
