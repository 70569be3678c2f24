// Owns /audit: the rows of the audit trail as pages, as a stream of what comes, and whether the chain holds.
import { ApiError, type AuditFilter, type AuditRecord } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { plainAccess } from '../access.ts';
import { first, integer, isTrue, type Query, queryOf, word } from '../query.ts';
import type { Stream } from '../streams.ts';
import { addRoute, type RouteContext } from './context.ts';

const pageRows = 100;
const maxPageRows = 1_000;

const timeOf = (query: Query, name: string): string | undefined => {
  const text = first(query, name);
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new ApiError('BadRequest', `cannot read query parameter ${name}: must be an RFC 3339 time`);
};

const texts = ['user', 'verb', 'resource', 'namespace', 'name', 'node'] as const;

const filterOf = (query: Query): AuditFilter => {
  const given = texts.map((name) => [name, first(query, name)] as const);
  const times = (['since', 'until'] as const).map((name) => [name, timeOf(query, name)] as const);
  const fields = [...given, ...times].filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(fields), denied: isTrue(query, 'denied') };
};

/** `continue` is the number of the row that was looked at last; of oldest-first lists `after` too. */
const startOf = (query: Query): { readonly before: number } | { readonly after: number } => {
  const next = integer(query, 'continue');
  const isAscending = word(query, 'order', ['oldest', 'newest']) === 'oldest';
  if (isAscending) return { after: next ?? integer(query, 'after') ?? 0 };
  return { before: next ?? Number.MAX_SAFE_INTEGER };
};

const list = async ({ store }: RouteContext, query: Query): Promise<string> => {
  const limit = integer(query, 'limit', maxPageRows) || pageRows;
  const { records, last } = await store.audit.list({ filter: filterOf(query), from: startOf(query), limit });
  return JSON.stringify({ items: records, ...(last === undefined ? {} : { continue: String(last) }) });
};

/** Resolves at the next row, or when the stream ends. */
const nextRow = ({ store }: RouteContext, after: number, { signal }: Stream): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      unsubscribe();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const unsubscribe = store.audit.onAppend(done);
    signal.addEventListener('abort', done);
    if (signal.aborted || store.audit.head().seq > after) done();
  });

const toLines = (records: readonly AuditRecord[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Rows behind `after` (absent: behind the newest), one line each, until the client goes. */
const follow = async (context: RouteContext, query: Query, reply: FastifyReply): Promise<undefined> => {
  const { audit } = context.store;
  const filter = filterOf(query);
  let after = integer(query, 'after') ?? audit.head().seq;
  const settings = {
    contentType: 'application/json',
    slowMs: context.limits.slowStreamMs,
    mayEndAnyTime: true,
  };
  await context.streams.run(reply, settings, async (stream) => {
    while (!stream.signal.aborted) {
      const head = audit.head().seq;
      const { records, last } = await audit.list({ filter, from: { after }, limit: maxPageRows });
      await stream.write(toLines(records));
      after = Math.max(after, last ?? head, records.at(-1)?.seq ?? 0);
      if (last === undefined) await nextRow(context, after, stream);
    }
  });
  return undefined;
};

export const addAuditRoutes = (app: FastifyInstance, context: RouteContext): void => {
  addRoute(app, 'GET', '/audit', plainAccess('list', 'audit'), async (request: FastifyRequest, reply) => {
    const query = queryOf(request);
    return isTrue(query, 'watch') ? follow(context, query, reply) : list(context, query);
  });
  addRoute(app, 'GET', '/audit/verify', plainAccess('get', 'audit'), async () =>
    JSON.stringify(await context.store.audit.verify()),
  );
};
