// Owns /results: one row per node, as pages or as a stream of changes.
// I1: the cursor of a page is that of its first page, so that a watch from it misses no later change.
import { ApiError, finalTaskStates, type Kind, liveTaskStates, type TaskState } from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TaskRow } from '../../store/store.ts';
import { first, integer, isTrue, type Query, queryOf } from '../query.ts';
import type { Handler } from './context.ts';
import { followWork, uidOf, type WorkContext, workOf } from './work.ts';

const pageRows = 1_000;
const maxPageRows = 10_000;
const states: readonly TaskState[] = [...liveTaskStates, ...finalTaskStates];

interface Position {
  readonly index: number;
  readonly cursor: number;
}

const toToken = (position: Position): string =>
  Buffer.from(JSON.stringify([position.index, position.cursor])).toString('base64url');

/** Throws BadRequest. */
const parseToken = (text: string): Position => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const [index, cursor] = Array.isArray(value) ? (value as unknown[]) : [];
    if (Number.isSafeInteger(index) && Number.isSafeInteger(cursor)) {
      return { index: Number(index), cursor: Number(cursor) };
    }
  } catch {
    // Told below, as for any other wrong token.
  }
  throw new ApiError('BadRequest', 'cannot continue: the continue token is not one of ours; list anew');
};

const statesOf = (query: Query): readonly TaskState[] | undefined => {
  const text = first(query, 'state');
  return text?.split(',').map((name) => {
    const found = states.find((state) => state === name);
    if (found !== undefined) return found;
    throw new ApiError(
      'BadRequest',
      `cannot filter by state "${name.slice(0, 50)}": known are ${states.join(', ')}`,
    );
  });
};

const filterOf = (query: Query, work: string) => {
  const node = first(query, 'node');
  const wanted = statesOf(query);
  return {
    work,
    ...(node === undefined ? {} : { node }),
    ...(wanted === undefined ? {} : { states: wanted }),
  };
};

const page = async (context: WorkContext, work: string, query: Query): Promise<string> => {
  const token = first(query, 'continue');
  const from = token === undefined ? undefined : parseToken(token);
  const limit = integer(query, 'limit', maxPageRows) || pageRows;
  const rows = await context.store.tasks.list({
    ...filterOf(query, work),
    limit: limit + 1,
    ...(from === undefined ? {} : { afterIndex: from.index }),
  });
  const items = rows.slice(0, limit);
  const cursor = from?.cursor ?? items.reduce((newest, row) => Math.max(newest, row.change), 0);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return JSON.stringify({
    items,
    counts: await context.store.tasks.counts(work),
    cursor,
    ...(last === undefined ? {} : { continue: toToken({ index: last.index, cursor }) }),
  });
};

const taskLines = (rows: readonly TaskRow[]): string =>
  rows.map((task) => `${JSON.stringify({ type: 'TASK', task })}\n`).join('');

const watch = async (
  context: WorkContext,
  kind: Kind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const start = workOf(context, kind, request);
  const query = queryOf(request);
  const filter = filterOf(query, uidOf(start));
  let cursor = integer(query, 'cursor') ?? 0;
  let shown: string | undefined;
  const settings = { contentType: 'application/json', slowMs: context.limits.slowStreamMs };
  await context.streams.run(reply, settings, async (stream) => {
    const isComplete = await followWork(context, kind, start, stream, async ({ object }) => {
      for (;;) {
        const rows = await context.store.tasks.list({ ...filter, afterChange: cursor, limit: pageRows });
        cursor = rows.at(-1)?.change ?? cursor;
        await stream.write(taskLines(rows));
        if (rows.length < pageRows || stream.signal.aborted) break;
      }
      if (object === undefined || object.metadata.resourceVersion === shown) return;
      shown = object.metadata.resourceVersion;
      await stream.write(`${JSON.stringify({ type: 'STATUS', object })}\n`);
    });
    if (isComplete) await stream.write('{"type":"END"}\n');
  });
  return undefined;
};

export const resultsHandler =
  (context: WorkContext, kind: Kind): Handler =>
  async (request, reply) => {
    const query = queryOf(request);
    if (isTrue(query, 'watch')) return watch(context, kind, request, reply);
    return page(context, uidOf(workOf(context, kind, request)), query);
  };
