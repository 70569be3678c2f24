// Owns what every way to a controller has in common: a call, the ways in which its answer is read, and how a refusal arrives.
// The rest of the client stands on this alone, so that it works in Node.js (http.ts) and in a browser (fetch.ts).
import { ApiError, type Reason, reasonCodes, type Status } from '@drover/api/errors';

export interface Call {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Raw body instead of JSON. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  /** In a browser: raw body, read as it is sent. */
  readonly blob?: Blob;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called with each warning (RFC 7234, code 299) that comes with the answer. Of browser pages only. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** The answer must begin within this time; default 60,000 ms. 0: no limit. */
  readonly timeoutMs?: number;
}

export interface Transport {
  /** https://host:port; in a browser with the path under which the controller is reached. */
  readonly origin: string;
  /** The parsed JSON answer, whose shape docs/protocol.md promises to the caller. */
  json<T>(call: Call): Promise<T>;
  /** Each line of the answer, parsed. Ends with the answer; throws when it is cut. */
  lines<T>(call: Call): AsyncIterable<T>;
  /** The bytes of the answer. Ends with the answer; throws when it is cut. */
  bytes(call: Call): AsyncIterable<Uint8Array>;
  close(): void;
}

export const toPath = ({ path, query = {} }: Call): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search}`;
};

const isReason = (word: string): word is Reason => Object.hasOwn(reasonCodes, word);

/** The texts of a Warning header as Kubernetes writes it: 299 - "text", ... */
export const toWarnings = (header: string | null): readonly string[] =>
  [...(header ?? '').matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  );

/** The Status in the body of a refusal, or the nearest thing to it. */
export const toRefusal = (code: number, text: string, what: string): ApiError => {
  let status: Partial<Status> = {};
  try {
    status = JSON.parse(text) as Partial<Status>;
  } catch {
    // Not a Status: a proxy or another program has answered; its words are shown below.
  }
  const byCode = Object.keys(reasonCodes)
    .filter(isReason)
    .find((reason) => reasonCodes[reason] === code);
  const reason = isReason(status.reason ?? '') ? (status.reason as Reason) : (byCode ?? 'InternalError');
  const message =
    status.message ?? `cannot ${what}: the server answered ${code} ${text.slice(0, 200)}`.trim();
  return new ApiError(reason, message, status.details);
};
