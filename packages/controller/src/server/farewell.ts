// Owns how the listener lets go of its clients before the server closes.
// I1: from its beginning on every answer says `Connection: close`, those under way included: who has a connection open sends
//     nothing more on it after that, so no request is lost between two ends that think differently of it.
// I2: a connection on which nothing is said for `lingerMs` is closed; a client that asks in turns is told before.
// I3: it listens until what was under way has been answered: others are served meanwhile, one request for each connection, and the
//     port is without a listener for as short as it can be.
// I4: content that is under way ends after `contentMs`, since it can be taken up again (gateway/content.ts), and never delays the rest.
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { pause } from '../platform/pause.ts';

const lingerMs = 1_000;
/** Once nobody else can connect: time for who has just done so to ask. */
const lastLingerMs = 250;
const contentMs = 3_000;
const lookMs = 20;

export interface Farewell {
  readonly hasBegun: boolean;
  /** Aborted when what can be taken up again elsewhere is to end (I4). */
  readonly contentEnds: AbortSignal;
  /** Answers that are not at their end, streams included. */
  count(): number;
  begin(): void;
  /** After `begin`: resolves when nothing is under way and nobody is connected, or with the signal. */
  settled(signal: AbortSignal): Promise<void>;
}

const countConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));

export const createFarewell = (server: Server): Farewell => {
  const open = new Set<ServerResponse>();
  const contentEnds = new AbortController();
  let hasBegun = false;

  const bid = (response: ServerResponse): void => {
    response.shouldKeepAlive = false;
  };
  server.prependListener('request', (_request, response: ServerResponse) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (hasBegun) bid(response);
  });

  const until = async (isSo: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && !(await isSo())) await pause(lookMs, signal);
  };
  const isAlone = async (): Promise<boolean> => (await countConnections(server)) === 0;
  /** Waits for those who keep a connection; the last are closed. */
  const linger = async (ms: number, isDone: () => boolean, signal: AbortSignal): Promise<void> => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
    await until(isAlone, patience);
    await until(isDone, signal);
    server.closeIdleConnections();
  };

  return {
    get hasBegun() {
      return hasBegun;
    },
    contentEnds: contentEnds.signal,
    count: () => open.size,
    begin: () => {
      hasBegun = true;
      for (const response of open) bid(response);
    },
    settled: async (signal) => {
      const before = [...open];
      const timer = setTimeout(() => contentEnds.abort(), contentMs);
      await linger(lingerMs, () => before.every((response) => !open.has(response)), signal);
      clearTimeout(timer);
      contentEnds.abort();
      server.close();
      await linger(lastLingerMs, () => open.size === 0, signal);
    },
  };
};
