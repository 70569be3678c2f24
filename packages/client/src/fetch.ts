// Owns the connection of a browser page to the controller that it came from: fetch, and a WebSocket for what goes on.
// I1: the page is known by its session cookie; what it changes carries the header that other sites cannot send.
// I2: an answer that goes on (watch, follow) comes through a WebSocket: browsers hold six HTTP connections to a server,
//     and a page watches more than that (docs/protocol.md, "Streams in a WebSocket").
// I3: a refusal arrives as the ApiError that the server sent; a network fault as ServiceUnavailable with a cause.
import { ApiError } from '@drover/api/errors';
import { type Call, type Transport, toPath, toRefusal, toWarnings } from './transport.ts';

const answerMs = 60_000;
/** After this without an answer the caller is told that it takes long. */
const lateMs = 8_000;
const linesProtocol = 'lines.drover.dev';
/** The same lines, in which objects are Tables. */
const tableProtocol = 'table.drover.dev';

/** What whoever made the connection hears of it, besides each caller. */
export interface FetchEvents {
  /** Any refusal of the server. */
  readonly onRefusal?: (error: ApiError) => void;
  /** The server could not be reached, or is late with an answer. */
  readonly onSilence?: () => void;
}

interface Site extends FetchEvents {
  readonly origin: string;
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

const toUnreachable = ({ origin, onSilence }: Site, error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  onSilence?.();
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError('ServiceUnavailable', `cannot reach ${origin}: ${why}`, undefined, error);
};

const toInit = (call: Call, signal: AbortSignal): RequestInit => {
  const { method = 'GET', body, blob } = call;
  return {
    method,
    credentials: 'same-origin',
    headers: {
      accept: call.accept ?? 'application/json',
      'x-drover-request': '1',
      ...(body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      ...call.headers,
    },
    // A text is sent as it is: YAML, say.
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(blob === undefined ? {} : { body: blob }),
    signal,
  };
};

/** The caller's signal, and the time in which the answer must begin. */
const bounded = ({ signal, timeoutMs = answerMs }: Call) => {
  const late = new AbortController();
  const timer =
    timeoutMs === 0
      ? undefined
      : setTimeout(() => late.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    began: () => clearTimeout(timer),
  };
};

/** What a socket has brought and nobody has taken yet. */
const createQueue = <T>() => {
  const waiting: T[] = [];
  let wake = (): void => undefined;
  let end: { readonly error?: unknown } | undefined;
  return {
    push: (item: T): void => {
      waiting.push(item);
      wake();
    },
    end: (error?: unknown): void => {
      end ??= error === undefined ? {} : { error };
      wake();
    },
    async *read(): AsyncGenerator<T> {
      for (;;) {
        const items = waiting.splice(0);
        yield* items;
        if (items.length > 0) continue;
        if (end !== undefined) {
          if ('error' in end) throw end.error;
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
};

const isEndless = ({ query = {} }: Call): boolean =>
  [query['watch'], query['follow']].some((value) => value === true || value === 1);

const open = async (site: Site, call: Call): Promise<Response> => {
  const { signal, began } = bounded(call);
  const late = setTimeout(() => site.onSilence?.(), lateMs);
  try {
    const answer = await fetch(`${site.origin}${toPath(call)}`, toInit(call, signal));
    for (const warning of toWarnings(answer.headers.get('warning'))) call.onWarning?.(warning);
    if (answer.ok) return answer;
    const refusal = toRefusal(answer.status, await answer.text(), `${call.method ?? 'GET'} ${call.path}`);
    site.onRefusal?.(refusal);
    throw refusal;
  } catch (error) {
    throw isAbort(error) && call.signal?.aborted === true ? call.signal.reason : toUnreachable(site, error);
  } finally {
    clearTimeout(late);
    began();
  }
};

async function* bytes(site: Site, call: Call): AsyncGenerator<Uint8Array> {
  const { body } = await open(site, call);
  const reader = body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return;
      yield part.value;
    }
  } catch (error) {
    throw call.signal?.aborted === true ? call.signal.reason : toUnreachable(site, error);
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

async function* splitLines(site: Site, call: Call): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of bytes(site, call)) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** A page cannot see why a WebSocket was refused: the same request without it says so. */
const whyRefused = async (site: Site, call: Call): Promise<unknown> => {
  const query = {
    ...call.query,
    watch: undefined,
    follow: undefined,
    sendInitialEvents: undefined,
    limit: 1,
  };
  const { resourceVersionMatch: _, ...plain } = query as Record<
    string,
    string | number | boolean | undefined
  >;
  try {
    await open(site, { ...call, query: plain });
    return toUnreachable(site, new Error('the connection was cut'));
  } catch (error) {
    return error;
  }
};

/** I2. Each of one or more lines. */
async function* messages(site: Site, call: Call): AsyncGenerator<string> {
  const queue = createQueue<string>();
  const protocol = call.accept?.includes('as=Table') === true ? tableProtocol : linesProtocol;
  const socket = new WebSocket(`${site.origin}${toPath(call)}`.replace(/^http/, 'ws'), protocol);
  let isOpen = false;
  const onAbort = (): void => socket.close();
  socket.onopen = () => {
    isOpen = true;
  };
  socket.onmessage = ({ data }) => queue.push(String(data));
  socket.onclose = ({ code }) => {
    if (call.signal?.aborted === true) queue.end(call.signal.reason);
    else if (code === 1000) queue.end();
    else if (isOpen) queue.end(toUnreachable(site, new Error('the connection was cut')));
    else void whyRefused(site, call).then(queue.end);
  };
  call.signal?.addEventListener('abort', onAbort, { once: true });
  if (call.signal?.aborted === true) onAbort();
  try {
    yield* queue.read();
  } finally {
    call.signal?.removeEventListener('abort', onAbort);
    socket.close();
  }
}

async function* lines<T>(site: Site, call: Call): AsyncGenerator<T> {
  const texts = isEndless(call) ? messages(site, call) : splitLines(site, call);
  for await (const text of texts)
    for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as T;
}

/** `origin`: https://host:port, and the path under which a proxy shows the controller, if any. */
export const createFetch = (origin: string, events: FetchEvents = {}): Transport => {
  const site: Site = { origin, ...events };
  return {
    origin,
    bytes: (call) => bytes(site, call),
    lines: (call) => lines(site, call),
    json: async <T>(call: Call): Promise<T> => {
      const text = await (await open(site, call)).text();
      return JSON.parse(text === '' ? '{}' : text) as T;
    },
    close: () => undefined,
  };
};
