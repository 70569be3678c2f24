// Scripts one run or transfer on a fake controller: rows and output appear when the test says so.
import type { ServerResponse } from 'node:http';
import type { FakeController } from './fake-controller.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';

export interface FakeWork {
  readonly path: string;
  /** The object as it was posted. */
  readonly posted: () => Record<string, unknown> | undefined;
  readonly task: (node: string, state: string, result?: Record<string, unknown>, message?: string) => void;
  readonly output: (node: string, stream: 'stdout' | 'stderr', text: string | Buffer) => void;
  readonly status: (status: Record<string, unknown>) => void;
  readonly end: (phase: string) => void;
  readonly onPatch: (listener: (body: unknown) => void) => void;
}

const result = {
  exitCode: 0,
  signal: 0,
  reason: '',
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutDropped: 0,
  stderrDropped: 0,
  survivors: 0,
  detail: null,
};

const name = 'run-test1';

interface Served {
  readonly fake: FakeController;
  readonly plural: string;
  readonly path: string;
  readonly rows: ReadonlyMap<string, Record<string, unknown>>;
  readonly watchers: Map<ServerResponse, number>;
  readonly followers: Map<ServerResponse, number>;
  readonly listeners: readonly ((body: unknown) => void)[];
  readonly flush: () => void;
  readonly current: () => unknown;
  readonly change: () => number;
  readonly onPosted: (object: Record<string, unknown>) => unknown;
  readonly work: FakeWork;
  readonly started: (work: FakeWork) => void;
}

const serve = (served: Served): void => {
  const { fake, plural, path, rows, watchers, followers, listeners, flush, current, change } = served;
  const { onPosted, work, started } = served;
  fake.on('POST', `${base}/${plural}`, (request, response) => {
    const made = onPosted({ ...(request.body as object), metadata: { name, namespace: 'default' } });
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(made));
    started(work);
  });
  fake.on('GET', path, () => current());
  fake.on('PATCH', path, (request) => {
    for (const listener of listeners) listener(request.body);
    return current();
  });
  fake.on('GET', `${path}/results`, (request, response) => {
    if (request.query['watch'] !== '1') return { items: [...rows.values()], counts: {}, cursor: change() };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watchers.set(response, Number(request.query['cursor'] ?? 0));
    response.on('close', () => watchers.delete(response));
    return flush();
  });
  fake.on('GET', `${path}/log`, (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    followers.set(response, Number(request.query['cursor'] ?? 0));
    response.on('close', () => followers.delete(response));
    flush();
    if (request.query['follow'] !== '1') response.end();
  });
};

/** `onPosted` is called once the object was created. */
export const scriptWork = (
  fake: FakeController,
  plural: 'commandruns' | 'filetransfers',
  onPosted: (work: FakeWork) => void,
): FakeWork => {
  const path = `${base}/${plural}/${name}`;
  const rows = new Map<string, Record<string, unknown>>();
  const log: Record<string, unknown>[] = [];
  const watchers = new Map<ServerResponse, number>();
  const followers = new Map<ServerResponse, number>();
  const listeners: ((body: unknown) => void)[] = [];
  let object: Record<string, unknown> | undefined;
  let status: Record<string, unknown> = { phase: 'Pending' };
  let change = 0;
  let cursor = 0;
  let ended = false;

  const current = () => ({
    ...object,
    status: { ...status, counts: { total: rows.size, succeeded: rows.size } },
  });
  const send = (response: ServerResponse, value: unknown) => response.write(`${JSON.stringify(value)}\n`);
  const flush = () => {
    for (const [response, seen] of watchers) {
      for (const row of rows.values())
        if (Number(row['change']) > seen) send(response, { type: 'TASK', task: row });
      watchers.set(response, change);
      send(response, { type: 'STATUS', object: current() });
      if (ended) response.end('{"type":"END"}\n');
    }
    for (const [response, seen] of followers) {
      for (const entry of log) if (Number(entry['cursor']) > seen) send(response, entry);
      followers.set(response, cursor);
      if (ended) response.end();
    }
  };
  const work: FakeWork = {
    path,
    posted: () => object,
    task: (node, state, part, message = '') => {
      change += 1;
      const live = ['waiting', 'queued', 'sent', 'running'].includes(state);
      const index = [...rows.keys()].indexOf(node);
      rows.set(node, {
        id: `task-${node}`,
        node,
        index: index < 0 ? rows.size : index,
        state,
        createdAtMs: 1,
        startedAtMs: 1,
        finishedAtMs: live ? 0 : 2,
        doneBytes: 0,
        totalBytes: 0,
        message,
        change,
        result: live ? null : { ...result, ...part },
      });
      flush();
    },
    output: (node, stream, text) => {
      cursor += 1;
      log.push({ node, stream, offset: 0, timeMs: 1, data: Buffer.from(text).toString('base64'), cursor });
      flush();
    },
    status: (next) => {
      status = { ...status, ...next };
      flush();
    },
    end: (phase) => {
      status = { ...status, phase };
      ended = true;
      flush();
    },
    onPatch: (listener) => void listeners.push(listener),
  };
  serve({
    fake,
    plural,
    path,
    rows,
    watchers,
    followers,
    listeners,
    flush,
    current,
    change: () => change,
    onPosted: (next) => {
      object = next;
      return current();
    },
    work,
    started: onPosted,
  });
  return work;
};
