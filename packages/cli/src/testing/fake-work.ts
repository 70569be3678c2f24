// Scripts one run or transfer on a fake controller: rows and output appear when the test says so.
import type { ServerResponse } from 'node:http';
import type { FakeController, Seen } from './fake-controller.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';
const name = 'run-test1';
const live = ['waiting', 'queued', 'sent', 'running'];

const emptyResult = {
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

const send = (response: ServerResponse, value: unknown) => response.write(`${JSON.stringify(value)}\n`);

class FakeWork {
  readonly path: string;
  readonly #rows = new Map<string, Record<string, unknown>>();
  readonly #log: Record<string, unknown>[] = [];
  readonly #watchers = new Map<ServerResponse, number>();
  readonly #followers = new Map<ServerResponse, number>();
  readonly #onPatch: ((body: unknown) => void)[] = [];
  #object: Record<string, unknown> | undefined;
  #status: Record<string, unknown> = { phase: 'Pending' };
  #change = 0;
  #ended = false;

  constructor(path: string) {
    this.path = path;
  }

  /** The object as it was posted. */
  posted(): Record<string, unknown> | undefined {
    return this.#object;
  }

  task(node: string, state: string, part?: Record<string, unknown>, message = ''): void {
    this.#change += 1;
    const known = this.#rows.get(node)?.['index'];
    const times = { createdAtMs: 1, startedAtMs: 1, finishedAtMs: live.includes(state) ? 0 : 2 };
    this.#rows.set(node, {
      ...times,
      id: `task-${node}`,
      node,
      index: known ?? this.#rows.size,
      state,
      doneBytes: 0,
      totalBytes: 0,
      message,
      change: this.#change,
      result: live.includes(state) ? null : { ...emptyResult, ...part },
    });
    this.#flush();
  }

  output(node: string, stream: 'stdout' | 'stderr', text: string): void {
    const data = Buffer.from(text).toString('base64');
    this.#log.push({ node, stream, offset: 0, timeMs: 1, data, cursor: this.#log.length + 1 });
    this.#flush();
  }

  end(phase: string, message = ''): void {
    this.#status = { ...this.#status, phase, message };
    this.#ended = true;
    this.#flush();
  }

  onPatch(listener: (body: unknown) => void): void {
    this.#onPatch.push(listener);
  }

  serve(fake: FakeController, plural: string, onPosted: (work: FakeWork) => void): void {
    fake.on('POST', `${base}/${plural}`, (request, response) => {
      this.#object = { ...(request.body as object), metadata: { name, namespace: 'default' } };
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(this.#current()));
      onPosted(this);
    });
    fake.on('GET', this.path, () => this.#current());
    fake.on('PATCH', this.path, (request) => {
      for (const listener of this.#onPatch) listener(request.body);
      return this.#current();
    });
    fake.on('GET', `${this.path}/results`, (request, response) => this.#results(request, response));
    fake.on('GET', `${this.path}/log`, (request, response) => this.#follow(request, response));
  }

  #results(request: Seen, response: ServerResponse): unknown {
    if (request.query['watch'] !== '1')
      return { items: [...this.#rows.values()], counts: {}, cursor: this.#change };
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    this.#watchers.set(response, Number(request.query['cursor'] ?? 0));
    response.on('close', () => this.#watchers.delete(response));
    this.#flush();
    return undefined;
  }

  #follow(request: Seen, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    this.#followers.set(response, Number(request.query['cursor'] ?? 0));
    response.on('close', () => this.#followers.delete(response));
    this.#flush();
    if (request.query['follow'] !== '1') response.end();
  }

  #current(): Record<string, unknown> {
    const counts = { total: this.#rows.size, succeeded: this.#rows.size };
    return { ...this.#object, status: { ...this.#status, counts } };
  }

  /** An ended response is left at once: its 'close' comes later than the next flush may. */
  #flush(): void {
    for (const [response, seen] of this.#watchers) {
      for (const row of this.#rows.values())
        if (Number(row['change']) > seen) send(response, { type: 'TASK', task: row });
      this.#watchers.set(response, this.#change);
      send(response, { type: 'STATUS', object: this.#current() });
      if (this.#ended && this.#watchers.delete(response)) response.end('{"type":"END"}\n');
    }
    for (const [response, seen] of this.#followers) {
      for (const entry of this.#log.slice(seen)) send(response, entry);
      this.#followers.set(response, this.#log.length);
      if (this.#ended && this.#followers.delete(response)) response.end();
    }
  }
}

/** `onPosted` is called once the object was created. */
export const scriptWork = (
  fake: FakeController,
  plural: 'commandruns' | 'filetransfers',
  onPosted: (work: FakeWork) => void,
): FakeWork => {
  const work = new FakeWork(`${base}/${plural}/${name}`);
  work.serve(fake, plural, onPosted);
  return work;
};
