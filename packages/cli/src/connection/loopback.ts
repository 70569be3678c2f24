// Owns waiting on this machine for the browser to come back (RFC 8252 section 7.3).
// I1: listens on 127.0.0.1 only, for one answer, within a time.
// I2: what does not bring our state, or comes under another name, is not the answer: refused, and waited on.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '../failure.ts';

export interface Loopback {
  readonly port: number;
  /** What the browser brings. @throws Failure when nothing came in time. */
  readonly answer: Promise<URLSearchParams>;
  close(): void;
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  connection: 'close',
};

const toPage = (text: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drover</title></head><body><p>${text}</p></body></html>\n`;

const own = 'http://127.0.0.1';

/** I2. */
const readAnswer = ({ method, url = '/', headers }: IncomingMessage, port: number, state: string) => {
  if (!URL.canParse(url, own)) return undefined;
  const { pathname, searchParams } = new URL(url, own);
  const isAnswer = method === 'GET' && pathname === '/' && headers.host === `127.0.0.1:${port}`;
  return isAnswer && searchParams.get('state') === state ? searchParams : undefined;
};

const textOf = (answer: URLSearchParams | undefined): string =>
  answer === undefined
    ? 'This is not the answer that the command line waits for.'
    : `You can close this page: the command line ${answer.has('code') ? 'goes on by itself' : 'was not let in'}.`;

/** `state`: what the answer has to bring. */
export const openLoopback = async (state: string, waitMs: number): Promise<Loopback> => {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const found = readAnswer(request, port, state);
    // Once the browser has its page: what is open is cut on close.
    response.once('close', () => found && resolve(found));
    response.writeHead(found === undefined ? 400 : 200, headers).end(toPage(textOf(found)));
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', listening);
  });
  // A listening TCP server has an address of this type.
  const { port } = server.address() as AddressInfo;
  const late = new Failure(`cannot sign in: no answer in the browser for ${waitMs / 60_000} minutes`, {
    remedy: 'begin anew; where there is no browser on this machine, use --user, or --link with a link',
  });
  const timer = setTimeout(reject, waitMs, late);
  return {
    port,
    answer: promise,
    close: () => {
      clearTimeout(timer);
      server.close();
      // Browsers open more connections than they use.
      server.closeAllConnections();
    },
  };
};
