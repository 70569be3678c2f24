// The least that answers a create durably: TLS, HTTP, JSON and a row in SQLite by group commit, in a thread beside. It knows nobody,
// asks for no right, checks nothing, keeps no trail and tells no watcher. Started with: data directory, port; key and certificate
// as JSON on its standard input.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

type Row = readonly [name: string, json: string];

const store = (dir: string): void => {
  const database = new DatabaseSync(join(dir, 'floor.db'));
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE thing (name TEXT PRIMARY KEY, json TEXT NOT NULL)',
  );
  const insert = database.prepare('INSERT INTO thing (name, json) VALUES (?, ?)');
  parentPort?.on('message', (rows: readonly Row[]) => {
    database.exec('BEGIN IMMEDIATE');
    for (const row of rows) insert.run(...row);
    database.exec('COMMIT');
    parentPort?.postMessage(rows.length);
  });
};

/** Calls gather while a batch is under way, as in the controller's store. */
const openWriter = (dir: string): ((row: Row) => Promise<void>) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: dir });
  const underWay: (() => void)[] = [];
  let waiting: { readonly row: Row; readonly done: () => void }[] = [];
  const send = (): void => {
    if (underWay.length > 0 || waiting.length === 0) return;
    underWay.push(...waiting.map(({ done }) => done));
    worker.postMessage(waiting.map(({ row }) => row));
    waiting = [];
  };
  worker.on('message', (count: number) => {
    for (const done of underWay.splice(0, count)) done();
    send();
  });
  return (row) =>
    new Promise((done) => {
      waiting.push({ row, done });
      setImmediate(send);
    });
};

const serve = async (dir: string, port: number): Promise<void> => {
  const write = openWriter(dir);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const object = JSON.parse(await text(request));
    const json = JSON.stringify({
      ...object,
      metadata: { ...object.metadata, creationTimestamp: new Date() },
    });
    await write([object.metadata.name, json]);
    response.writeHead(201, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
    });
    response.end(json);
  };
  const server = createServer(JSON.parse(await text(process.stdin)), (request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });
  server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
};

const [, , dir = '', port = ''] = process.argv;
if (isMainThread) await serve(dir, Number(port));
else store(String(workerData));
