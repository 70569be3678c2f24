// Owns how a page of ours is shown to who asks for it: in which language, and below which path.
// A proxy that shows this server under a path says so with X-Forwarded-Prefix; only links of the page itself, and where
// the browser is sent next, come of it.
import type { FastifyRequest } from 'fastify';
import { type PageWords, wordsFor } from './page-words.ts';

export interface PageView {
  /** Before every path of ours; '' where no proxy has put anything before it. */
  readonly prefix: string;
  readonly words: PageWords;
}

/** '' unless it is a plain path. */
export const prefixOf = ({ headers }: FastifyRequest): string => {
  const prefix = headers['x-forwarded-prefix'];
  return typeof prefix === 'string' && /^(\/[A-Za-z0-9._~-]{1,64}){1,8}$/.test(prefix) ? prefix : '';
};

export const viewOf = (request: FastifyRequest): PageView => ({
  prefix: prefixOf(request),
  words: wordsFor(request.headers['accept-language'] ?? ''),
});
