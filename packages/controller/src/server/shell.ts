// Owns terminals in WebSockets: /api/v1/nodes/<name>/shell.
// I1: who asks is known and allowed, by roles and policies, and the node exists, before the connection is upgraded.
// I2: bytes are recorded before they are shown (recorder.ts); flow is controlled both ways: the node waits for the
//     viewer, and while the node does not take input, nothing more is read from the viewer.
// I3: whichever side ends first, the other is told, the recording is closed, and nothing is left open.
// I4: a shell is in the audit trail before the node hears of it (shell-audit.ts).
// I5: a viewer whose session or token is taken away is cut off: nothing that they type from then on reaches the node.
// I6: when the server drains, every terminal ends with a word why and exit code 255, and none begins.
// I7: one to a node whose agent is at another controller is handed to that one (forward.ts), which records and notes it.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError, nodeKind, toStatus } from '@drover/api';
import { WebSocket, WebSocketServer } from 'ws';
import { actorName, type Identity } from '../auth/identity.ts';
import type { Shell, ShellRequest } from '../platform/shell.ts';
import { identify, permit } from './access.ts';
import type { Cuts } from './cuts.ts';
import type { ServerOptions } from './deps.ts';
import { endSocket, stopping } from './errors.ts';
import type { Fairness } from './fairness/fairness.ts';
import type { Forwarder } from './forward.ts';
import type { ConnectionGuard } from './limits.ts';
import type { Recorder, Recording } from './recorder.ts';
import { auditShell, type ShellAudit } from './shell-audit.ts';
import { askPolicies } from './shell-policy.ts';
import { createStrangerRows } from './stranger-rows.ts';

const shellProtocol = 'drover.shell.v1';

const maxMessageBytes = 1024 * 1024;
const pingMs = 30_000;
const maxMissedPongs = 10;
const path = /^\/api\/v1\/nodes\/([^/?]+)\/shell(?:\?|$)/;

export interface ShellDoor {
  /** For the server's 'upgrade' event. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  count(): number;
  /** I6. Resolves when their recordings are closed. */
  drain(): Promise<void>;
  /** Ends every shell and waits until their recordings are closed. */
  close(): Promise<void>;
}

interface DoorInput
  extends Pick<
    ServerOptions,
    'auth' | 'resources' | 'openShell' | 'log' | 'store' | 'clock' | 'refusal' | 'runPolicies'
  > {
  readonly recorder: Recorder;
  readonly guard: ConnectionGuard;
  readonly cuts: Cuts;
  readonly fairness: Fairness;
  readonly forwarder: Forwarder;
}

const closingNote = 'the controller is stopping; open the terminal again in a moment';
const signedOut = 'what signed you in does not hold any more';
const farewellMs = 1_000;

const dimension = (query: URLSearchParams, name: string, otherwise: number): number => {
  const value = Number(query.get(name) ?? otherwise);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new ApiError('BadRequest', `cannot open a shell: ${name} must be a whole number from 1 to 10000`);
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ApiError('BadRequest', 'cannot open a shell: the path is not percent-encoded UTF-8');
  }
};

/** Throws NotFound and BadRequest. */
export const parseShellRequest = (url: string): ShellRequest => {
  const node = decoded(path.exec(url)?.[1] ?? '');
  if (node === '') throw new ApiError('NotFound', 'cannot upgrade: the server has no such path');
  const query = new URL(url, 'https://localhost').searchParams;
  return {
    node,
    user: query.get('user') ?? '',
    columns: dimension(query, 'columns', 80),
    rows: dimension(query, 'rows', 24),
    argv: query.getAll('argv'),
  };
};

/** Throws ApiError: Unauthorized, Forbidden, NotFound, BadRequest. Resolves to the viewer's name and the wish. */
const admit = async (input: DoorInput, request: IncomingMessage, audit: ShellAudit, leaving: AbortSignal) => {
  const { remoteAddress } = request.socket;
  const { headers } = request;
  const distinct = () => request.headersDistinct;
  const onProven = (proven: Identity): void => {
    audit.identity = proven;
  };
  const certificate = input.forwarder.certificate(request);
  const caller = { headers, certificate, distinct, remoteAddress, reads: false, takesForm: true, onProven };
  const identity = await identify(input.auth, caller);
  audit.identity = identity;
  input.guard.trust(request.socket);
  const wish = parseShellRequest(request.url ?? '');
  audit.wish = wish;
  permit(input.auth, identity, {
    verb: 'create',
    resource: 'nodes',
    subresource: 'shell',
    namespace: '',
    name: wish.node,
  });
  input.resources.get(nodeKind, '', wish.node);
  audit.note = input.runPolicies.checkShell(identity, wish);
  await askPolicies(input.auth, identity, wish, audit);
  const why = input.refusal?.();
  if (why !== undefined) throw new ApiError('ServiceUnavailable', `cannot open a shell: ${why}`);
  if (leaving.aborted) throw stopping('open a shell');
  // It would be recorded.
  input.store.disk.check();
  return { viewer: actorName(identity), wish, audit, identity, ticket: input.fairness.open(identity) };
};

const sent = (socket: WebSocket, data: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(data, (error) => (error ? reject(error) : resolve()));
  });

/** Sizes from a text message such as {"resize":[80,24]}; undefined for anything else. */
const parseResize = (text: string): readonly [number, number] | undefined => {
  try {
    const { resize } = JSON.parse(text) as { readonly resize?: unknown };
    if (!Array.isArray(resize) || resize.length !== 2) return undefined;
    const [columns, rows] = resize.map(Number);
    const isSize = (n: number | undefined): n is number =>
      Number.isInteger(n) && Number(n) >= 1 && Number(n) <= 10_000;
    return isSize(columns) && isSize(rows) ? [columns, rows] : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Hands the viewer's messages to the node one after the other, holding the viewer back meanwhile (I2).
 * Until then the socket is paused: what is typed before the node has answered must not be lost.
 */
const readViewer = (
  socket: WebSocket,
  shell: Shell,
  recording: Recording,
  fail: (error: unknown) => void,
): void => {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const take = async (data: Buffer, isBinary: boolean): Promise<void> => {
    if (isBinary) return shell.write(data);
    const size = parseResize(data.toString());
    if (size === undefined) return;
    await shell.resize(...size);
    await recording.resized(...size);
  };
  socket.on('message', (data, isBinary) => {
    // Whoever is being cut off (I5) types in vain.
    if (socket.readyState !== WebSocket.OPEN) return;
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    waiting += 1;
    socket.pause();
    last = last
      .then(() => take(bytes, isBinary))
      .catch(fail)
      .finally(() => {
        waiting -= 1;
        if (waiting === 0) socket.resume();
      });
  });
  socket.resume();
};

const reasonOf = (error: unknown): string => toStatus(error).message ?? 'internal error';

/** Pings the viewer, so that one that is gone without a word is noticed; one that only does not read has its time. */
const keepAlive = (socket: WebSocket): (() => void) => {
  let missed = 0;
  socket.on('pong', () => {
    missed = 0;
  });
  const timer = setInterval(() => {
    missed += 1;
    if (missed > maxMissedPongs) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, pingMs);
  return () => clearInterval(timer);
};

/** One terminal from the upgrade to its end. */
const serveShell = async (
  { openShell, recorder, log }: DoorInput,
  { viewer, wish, audit }: { viewer: string; wish: ShellRequest; audit: ShellAudit },
  socket: WebSocket,
  leaving: AbortSignal,
): Promise<void> => {
  const { promise: ended, resolve: end } = Promise.withResolvers<{ exit: number; reason: string }>();
  const leave = (): void => end({ exit: 255, reason: closingNote });
  leaving.addEventListener('abort', leave);
  if (leaving.aborted) leave();
  const fail = (error: unknown): void => {
    if (!(error instanceof ApiError)) log.warn({ err: error, node: wish.node }, 'a shell broke off');
    end({ exit: 255, reason: reasonOf(error) });
  };
  const stopPinging = keepAlive(socket);
  socket.pause();
  socket.on('error', () => end({ exit: 255, reason: 'the viewer broke the protocol' }));
  socket.once('close', () => end({ exit: 255, reason: 'the viewer has gone' }));
  let recording: Recording | undefined;
  let shell: Shell | undefined;
  try {
    const { columns, rows, node } = wish;
    const tape = await recorder.start({ node, user: viewer, columns, rows });
    recording = tape;
    await audit.opened(tape.id);
    log.info({ node, user: viewer, recording: tape.id }, 'a shell was opened');
    shell = await openShell(wish, {
      onOutput: async (data) => {
        try {
          await tape.output(data);
          await sent(socket, data);
        } catch (error) {
          if (socket.readyState === WebSocket.OPEN) fail(error);
        }
      },
      onClose: (exit, reason) => end({ exit, reason }),
    });
    readViewer(socket, shell, tape, fail);
  } catch (error) {
    fail(error);
  }
  const ending = await ended;
  leaving.removeEventListener('abort', leave);
  stopPinging();
  socket.resume();
  await shell
    ?.close()
    .catch((error: unknown) => log.warn({ err: error, node: wish.node }, 'cannot close a shell'));
  await recording?.close().catch((error: unknown) => log.error({ err: error }, 'cannot close a recording'));
  await audit
    .closed(recording?.id ?? '', ending)
    .catch((error: unknown) => log.error({ err: error, node: wish.node }, 'cannot write the audit trail'));
  if (socket.readyState === WebSocket.OPEN) await sent(socket, JSON.stringify(ending)).catch(() => undefined);
  socket.close(1000);
  log.info({ node: wish.node, user: viewer, exit: ending.exit, reason: ending.reason }, 'a shell was closed');
};

/** I5. */
const cutOff = (viewer: WebSocket): void => {
  viewer.close(1008, signedOut);
  setTimeout(() => viewer.terminate(), farewellMs).unref();
};

export const createShellDoor = (input: DoorInput): ShellDoor => {
  const upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(shellProtocol) ? shellProtocol : false),
  });
  const shells = new Map<WebSocket, Promise<void>>();
  const leaving = new AbortController();
  const strangers = createStrangerRows(input.clock);
  const refuse = (error: unknown, socket: Duplex): void => {
    if (!(error instanceof ApiError)) input.log.error({ err: error }, 'cannot upgrade a connection');
    const known = error instanceof ApiError ? error : new ApiError('InternalError', reasonOf(error));
    // The listener's sockets are TLS sockets; node types the event's more widely.
    endSocket(socket as Socket, known);
  };
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const onEarlyError = (): void => void socket.destroy();
    socket.on('error', onEarlyError);
    const audit = auditShell({ ...input, strangers }, request);
    try {
      const admitted = await admit(input, request, audit, leaving.signal);
      socket.off('error', onEarlyError);
      socket.once('close', admitted.ticket.leave);
      if (socket.destroyed) admitted.ticket.leave();
      const address = await input.forwarder.target(admitted.wish.node, request.headers);
      if (address !== undefined) {
        input.forwarder.passUpgrade(address, request, socket, head); // I7
        return;
      }
      upgrader.handleUpgrade(request, socket, head, (viewer) => {
        const release = input.cuts.hold(admitted.identity, () => cutOff(viewer));
        const serving = serveShell(input, admitted, viewer, leaving.signal).finally(() => {
          release();
          shells.delete(viewer);
        });
        shells.set(viewer, serving);
      });
    } catch (error) {
      await audit.refused(error);
      refuse(error, socket);
    }
  };
  return {
    onUpgrade: (request, socket, head) => void upgrade(request, socket, head),
    count: () => shells.size,
    drain: async () => {
      leaving.abort();
      await Promise.all(shells.values());
    },
    close: async () => {
      for (const viewer of shells.keys()) viewer.close(1001, 'the controller is stopping');
      const gone = setTimeout(() => {
        for (const viewer of shells.keys()) viewer.terminate();
      }, 1_000);
      await Promise.all(shells.values());
      clearTimeout(gone);
      upgrader.close();
    },
  };
};
