// Owns the client's end of a terminal (WebSocket, docs/protocol.md section 1).
// I1: while the reader does not take output, nothing more is read from the connection.
import type { IncomingMessage } from 'node:http';
import { ApiError } from '@drover/api/errors';
import type { WebSocket as Socket } from 'ws';
import type { Http } from './http.ts';
import { toRefusal } from './transport.ts';

export interface ShellOptions {
  /** Default: the agent's own user. */
  readonly user?: string;
  readonly columns: number;
  readonly rows: number;
  /** Default: the user's login shell. */
  readonly argv?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface ShellEnd {
  readonly exit: number;
  readonly reason: string;
}

export interface Terminal {
  /** Bytes of the terminal, until it closes. */
  readonly output: AsyncIterable<Uint8Array>;
  /** How it ended; never rejects. */
  readonly ended: Promise<ShellEnd>;
  write(data: Uint8Array | string): Promise<void>;
  resize(columns: number, rows: number): void;
  close(): void;
}

const handshakeMs = 20_000;

const toUrl = (origin: string, node: string, options: ShellOptions): string => {
  const query = new URLSearchParams({
    columns: String(options.columns),
    rows: String(options.rows),
    user: options.user ?? '',
  });
  for (const argument of options.argv ?? []) query.append('argv', argument);
  return `${origin.replace('https:', 'wss:')}/api/v1/nodes/${encodeURIComponent(node)}/shell?${query}`;
};

const readRefusal = async (answer: IncomingMessage): Promise<ApiError> => {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return toRefusal(answer.statusCode ?? 500, Buffer.concat(parts).toString(), 'open a shell');
};

/** Resolves once the connection stands. Throws the server's refusal. */
const connect = async (http: Http, node: string, options: ShellOptions): Promise<Socket> => {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(toUrl(http.origin, node, options), 'drover.shell.v1', {
    ca: http.endpoint.caPem,
    minVersion: 'TLSv1.2',
    headers: { authorization: `Bearer ${http.endpoint.token}` },
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const onAbort = (): void => socket.terminate();
  options.signal?.addEventListener('abort', onAbort);
  socket.once('open', () => resolve(socket));
  socket.once('unexpected-response', (_request, answer) => {
    readRefusal(answer).then(reject, reject);
  });
  socket.on('error', (error) =>
    reject(new ApiError('ServiceUnavailable', `cannot open a shell: ${error.message}`, undefined, error)),
  );
  socket.once('close', () => options.signal?.removeEventListener('abort', onAbort));
  return promise;
};

const parseEnd = (text: string): ShellEnd | undefined => {
  try {
    const { exit, reason } = JSON.parse(text) as Partial<ShellEnd>;
    return typeof exit === 'number' ? { exit, reason: String(reason ?? '') } : undefined;
  } catch {
    return undefined;
  }
};

/** Output as it comes; the socket is paused while more than one message waits (I1). */
const createOutput = (socket: Socket) => {
  const waiting: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let closed = false;
  return {
    push: (data: Uint8Array): void => {
      if (closed) return;
      waiting.push(data);
      if (waiting.length > 1) socket.pause();
      wake?.();
    },
    end: (): void => {
      closed = true;
      wake?.();
    },
    async *read(): AsyncGenerator<Uint8Array> {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (closed) return;
        else {
          socket.resume();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      }
    },
  };
};

export const openTerminal = async (http: Http, node: string, options: ShellOptions): Promise<Terminal> => {
  const socket = await connect(http, node, options);
  const output = createOutput(socket);
  const { promise: ended, resolve: end } = Promise.withResolvers<ShellEnd>();
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (isBinary) output.push(bytes);
    else {
      const found = parseEnd(bytes.toString());
      if (found !== undefined) end(found);
    }
  });
  socket.once('close', (_code, reason) => {
    output.end();
    end({ exit: 255, reason: reason.toString() || 'the connection was cut' });
  });
  return {
    output: output.read(),
    ended,
    write: (data) =>
      new Promise((resolve, reject) => {
        const bytes = typeof data === 'string' ? Buffer.from(data) : data;
        socket.send(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    resize: (columns, rows) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ resize: [columns, rows] }));
    },
    close: () => {
      // What is still under way is dropped; a paused socket would never see the other side's goodbye.
      output.end();
      socket.resume();
      socket.close(1000);
    },
  };
};
