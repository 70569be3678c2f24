// Owns fetching from a provider whose certificate a CA of the site has signed: node's own fetch takes no CA.
// I1: certificates are always verified; an answer is at most `maxBytes`; nothing is followed elsewhere.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';

const maxBytes = 1024 * 1024;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

const bodyOf = (body: unknown): string => {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body);
  throw new Error('cannot send this body: only texts and forms are');
};

/** ca: PEM; undefined: the well-known ones. */
export const createPrivateFetch =
  (ca: string | undefined) =>
  (url: string, options: FetchOptions): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers = {}, signal } = options;
      const request = url.startsWith('https:') ? secureRequest : plainRequest;
      const body = bodyOf(options.body);
      const settings = {
        method,
        headers: {
          ...headers,
          ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
        agent: false as const,
        ...(ca === undefined ? {} : { ca }),
        ...(signal === undefined ? {} : { signal }),
      };
      const outgoing = request(url, settings, (answer) => {
        const parts: Buffer[] = [];
        let size = 0;
        answer.on('data', (part: Buffer) => {
          size += part.length;
          if (size > maxBytes) outgoing.destroy(new Error(`the answer is longer than ${maxBytes} bytes`));
          else parts.push(part);
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const status = answer.statusCode ?? 500;
          const known = new Headers();
          for (const [name, value] of Object.entries(answer.headers))
            if (value !== undefined) known.set(name, String(value));
          const hasBody = status >= 200 && status !== 204 && status !== 304;
          resolve(new Response(hasBody ? Buffer.concat(parts) : null, { status, headers: known }));
        });
      });
      outgoing.on('error', reject).end(body);
    });
