// Owns answers that go on: watches, logs, results.
// I1: the head of the answer leaves at once, before there is anything to say.
// I2: a writer waits while the client's connection is full, and ends a client that stays full for `slowMs`;
//     so at most one chunk and the socket's own buffer are held for a client.
// I3: closing the server ends every stream at once, and so does the end of what its client signed in with (cuts.ts).
// I4: an answer that ends as HTTP wants it is complete; one that was broken off is cut, so that the client can tell.
//     Only a watch may end properly at any time: its clients ask again from where they are.
// I5: when the server drains, watches end once they have told everything, all else is cut where it stands; nothing new begins.
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Log } from '../platform/log.ts';
import type { Cuts } from './cuts.ts';
import { pathOf, stopping } from './errors.ts';

export interface Stream {
  /** Aborted when the client has gone, was too slow, or the server closes. */
  readonly signal: AbortSignal;
  /** Aborted when what may end at any time is to tell where it stands, and to end (I5). */
  readonly ending: AbortSignal;
  /** Resolves when more may be written; does nothing once aborted. */
  write(chunk: string | Uint8Array): Promise<void>;
}

interface StreamSettings {
  readonly contentType: string;
  readonly slowMs: number;
  /** See I4; default false. */
  readonly mayEndAnyTime?: boolean;
}

export interface Streams {
  /** Takes over `reply`, runs `produce`, ends the answer. An error of `produce` cuts the answer short and is logged. */
  run(
    reply: FastifyReply,
    settings: StreamSettings,
    produce: (stream: Stream) => Promise<void>,
  ): Promise<void>;
  count(): number;
  /** I5. */
  drain(): void;
  /** Aborts all and refuses new ones. */
  close(): void;
}

interface OpenStream {
  /** At once. */
  readonly abort: () => void;
  /** As it is to end when the server drains (I5). */
  readonly end: () => void;
}

const drained = (
  raw: ServerResponse,
  signal: AbortSignal,
  slowMs: number,
  onSlow: () => void,
): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      raw.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(onSlow, slowMs);
    raw.once('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/** Headers set on the reply so far (by hooks) go out with the stream's own. */
const writeHead = (reply: FastifyReply, contentType: string): void => {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
  reply.raw.flushHeaders();
};

export const createStreams = ({ log, cuts }: { readonly log: Log; readonly cuts: Cuts }): Streams => {
  const open = new Set<OpenStream>();
  let draining = false;
  let closed = false;

  const run: Streams['run'] = async (reply, { contentType, slowMs, mayEndAnyTime = false }, produce) => {
    const { raw } = reply;
    if (draining) throw stopping('begin a stream');
    reply.request.ticket?.stay();
    const controller = new AbortController();
    const ending = new AbortController();
    const abort = (): void => controller.abort();
    const one = { abort, end: mayEndAnyTime ? () => ending.abort() : abort };
    const tooSlow = (): void => {
      log.warn({ path: pathOf(reply.request), slowMs }, 'ended a client that reads too slowly');
      controller.abort();
      raw.destroy();
    };
    open.add(one);
    const release = cuts.hold(reply.request.identity, abort);
    raw.once('close', abort);
    writeHead(reply, contentType);
    if (closed) abort();
    const stream: Stream = {
      signal: controller.signal,
      ending: ending.signal,
      write: async (chunk) => {
        if (controller.signal.aborted || raw.destroyed) return;
        if (!raw.write(chunk)) await drained(raw, controller.signal, slowMs, tooSlow);
      },
    };
    try {
      await produce(stream);
      if (mayEndAnyTime || !controller.signal.aborted) raw.end();
      else raw.destroy();
    } catch (error) {
      const isAborted = controller.signal.aborted;
      if (!isAborted) log.error({ path: pathOf(reply.request), err: error }, 'a stream broke off');
      if (isAborted && mayEndAnyTime) raw.end();
      else raw.destroy();
    } finally {
      release();
      controller.abort();
      open.delete(one);
    }
  };
  return {
    run,
    count: () => open.size,
    drain: () => {
      draining = true;
      for (const one of open) one.end();
    },
    close: () => {
      closed = true;
      for (const one of open) one.abort();
    },
  };
};
