// A small HTTPS server that speaks docs/protocol.md as a test scripts it. Real TLS, real sockets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { makeCertificates, type TestCertificates } from './certificates.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** Parsed when it is JSON, else text. */
  readonly body: unknown;
}

type Answer = (request: Seen, response: ServerResponse) => unknown;

export interface FakeController {
  readonly address: string;
  readonly certificates: TestCertificates;
  readonly contextFile: string;
  readonly directory: string;
  readonly server: ReturnType<typeof createServer>;
  readonly seen: Seen[];
  /** `path` may hold `*` for one segment. What the answer returns (not undefined) is sent as JSON. */
  readonly on: (method: string, path: string, answer: Answer) => void;
  /** Cuts every connection that is open. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export const sendStatus = (response: ServerResponse, code: number, reason: string, message: string): void => {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const data = Buffer.concat(parts);
  if (!String(request.headers['content-type']).includes('json')) return data;
  return data.length === 0 ? undefined : JSON.parse(data.toString('utf8'));
};

const matches = (pattern: string, path: string): boolean => {
  const [wanted, found] = [pattern.split('/'), path.split('/')];
  return wanted.length === found.length && wanted.every((part, at) => part === '*' || part === found[at]);
};

export const startFakeController = async (): Promise<FakeController> => {
  const certificates = await makeCertificates();
  const directory = mkdtempSync(join(tmpdir(), 'drover-cli-'));
  const routes: { method: string; path: string; answer: Answer }[] = [];
  const seen: Seen[] = [];
  const sockets = new Set<Duplex>();

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'https://x');
    const entry: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: await readBody(request),
    };
    seen.push(entry);
    const route = routes.findLast(({ method, path }) => method === entry.method && matches(path, entry.path));
    if (route === undefined)
      return sendStatus(response, 404, 'NotFound', `cannot find ${entry.path}: no such path`);
    const value = await route.answer(entry, response);
    if (value !== undefined && !response.headersSent)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  const server = createServer(
    { cert: certificates.certPem, key: certificates.keyPem },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) sendStatus(response, 500, 'InternalError', String(error));
        else response.destroy();
      });
    },
  );
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const contextFile = join(directory, 'admin.json');
  writeFileSync(contextFile, JSON.stringify({ address, caPem: certificates.caPem, token: 'secret-token' }));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address,
    certificates,
    contextFile,
    directory,
    server,
    seen,
    on: (method, path, answer) => void routes.push({ method, path, answer }),
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
