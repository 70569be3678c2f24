// Owns the server's limits on connections.
// I1: at most `connections` sockets; a socket more is closed at once.
// I2: at most `strangers` sockets that have not carried an authenticated request; when one more comes, the oldest
//     that has not sent a byte is closed, or, when all have, the oldest. A real client speaks at once and is a stranger
//     for milliseconds, so a flood of half-open ones only hurts itself.
import type { Socket } from 'node:net';
import type { Limits } from './deps.ts';

export const defaultLimits: Limits = {
  jsonBodyBytes: 4 * 1024 * 1024,
  yamlBodyBytes: 1024 * 1024,
  bodyTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  connections: 16_384,
  // As many as the listener's queue holds: newcomers that are accepted in one go do not push each other out.
  strangers: 4_096,
  slowWatchMs: 15_000,
  slowStreamMs: 600_000,
  contentIdleMs: 60_000,
};

/** The listener's side of a socket and the TLS side of it have the same peer address. */
const keyOf = (socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${socket.remoteAddress} ${socket.remotePort}`;

export interface ConnectionGuard {
  /** For each accepted TCP connection, before the TLS handshake. */
  accept(socket: Socket): void;
  /** The peer of this socket has shown who it is. */
  trust(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
  strangers(): number;
  /** Closes what has not shown who it is; half-open handshakes would otherwise keep the listener open. */
  close(): void;
}

export const createConnectionGuard = (limits: Pick<Limits, 'strangers'>): ConnectionGuard => {
  const strangers = new Map<string, Socket>();
  const victim = (): [string, Socket] | undefined => {
    for (const entry of strangers) if (entry[1].bytesRead === 0) return entry;
    return strangers.entries().next().value;
  };
  const evictOne = (): void => {
    const found = victim();
    if (found === undefined) return;
    strangers.delete(found[0]);
    found[1].destroy();
  };
  return {
    accept: (socket) => {
      const key = keyOf(socket);
      strangers.set(key, socket);
      socket.once('close', () => {
        if (strangers.get(key) === socket) strangers.delete(key);
      });
      if (strangers.size > limits.strangers) evictOne();
    },
    trust: (socket) => {
      // Asked at each request, when as a rule there are none.
      if (strangers.size > 0) strangers.delete(keyOf(socket));
    },
    strangers: () => strangers.size,
    close: () => {
      for (const socket of strangers.values()) socket.destroy();
    },
  };
};
