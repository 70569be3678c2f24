// Owns the audit trail as clients see it: pages, everything, what comes, and whether the chain holds.
import type { AuditFilter, AuditRecord, ChainPoint, ChainProblem } from '@drover/api';
import type { CallOptions } from './objects.ts';
import { type ResumeOptions, resumed } from './resume.ts';
import type { Transport } from './transport.ts';

export interface AuditQuery extends AuditFilter {
  /** Default 'newest' first. */
  readonly order?: 'newest' | 'oldest';
  readonly limit?: number;
  readonly continue?: string;
  /** With order 'oldest': rows behind this number. */
  readonly after?: number;
}

export interface AuditPage {
  readonly items: readonly AuditRecord[];
  readonly continue?: string;
}

export interface AuditVerdict {
  readonly rows: number;
  readonly first: number;
  readonly head: ChainPoint;
  readonly problem?: ChainProblem;
}

export interface AuditApi {
  /** May hold fewer rows than the limit, even none; there are more as long as `continue` is given. */
  page(query?: AuditQuery, options?: CallOptions): Promise<AuditPage>;
  /** Every row that the query selects, fetched in pages. */
  all(query?: AuditQuery, options?: CallOptions): AsyncIterable<AuditRecord>;
  /** Rows that come from now on, or behind the row `after`. */
  follow(
    filter?: AuditFilter & { readonly after?: number },
    options?: ResumeOptions,
  ): AsyncIterable<AuditRecord>;
  verify(options?: CallOptions): Promise<AuditVerdict>;
}

const verifyMs = 3_600_000;

const createFollow =
  (http: Transport): AuditApi['follow'] =>
  ({ after: from, ...filter } = {}, options = {}) => {
    let after = from;
    const ask = async function* (): AsyncGenerator<AuditRecord> {
      const query = { ...filter, watch: 1, after };
      for await (const record of http.lines<AuditRecord>({ path: '/audit', query, signal: options.signal })) {
        after = record.seq;
        yield record;
      }
    };
    return resumed(ask, options);
  };

export const createAuditApi = (http: Transport): AuditApi => {
  const page: AuditApi['page'] = (query = {}, { signal } = {}) =>
    http.json({ path: '/audit', query: { ...query }, signal });
  return {
    page,
    async *all(query = {}, options = {}) {
      let next: string | undefined;
      do {
        const found: AuditPage = await page({ ...query, ...(next ? { continue: next } : {}) }, options);
        yield* found.items;
        next = found.continue;
      } while (next !== undefined);
    },
    follow: createFollow(http),
    verify: ({ signal } = {}) => http.json({ path: '/audit/verify', signal, timeoutMs: verifyMs }),
  };
};
