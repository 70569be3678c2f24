// Owns /log: the output of one node as raw bytes, or of all nodes as lines with cursors.
// I1: what has been read from the store is written before more is read: at most `readBytes` are held per client.
// I2: a cursor (or offset) names the next byte exactly; whoever stops continues there without loss or repetition.
import { ApiError, isFinal, type Kind } from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OutputRow } from '../../store/store.ts';
import { accepts } from '../negotiate.ts';
import { first, integer, isTrue, type Query, queryOf, word } from '../query.ts';
import type { Stream } from '../streams.ts';
import type { Handler } from './context.ts';
import { followWork, isFinalWork, uidOf, type WorkContext, workOf } from './work.ts';

const readBytes = 256 * 1024;
/** Keeps proxies from closing an event stream on which nothing happens. */
const sseBeatMs = 15_000;

const streamNumbers = { stdout: 1, stderr: 2 } as const;
const streamNames = { 1: 'stdout', 2: 'stderr' } as const;

/** Id of the task of `node` in this work; undefined when there is none (yet). */
const taskOf = async (context: WorkContext, work: string, node: string): Promise<string | undefined> => {
  const [task] = await context.store.tasks.list({ work, node, limit: 1 });
  return task?.id;
};

const noTask = (node: string): ApiError =>
  new ApiError('NotFound', `cannot show the log: node "${node.slice(0, 253)}" has no task in this work`);

/** Bytes of a chunk from `offset` on, wherever the chunk begins. */
const fromOffset = (row: OutputRow, offset: number): Uint8Array =>
  row.offset >= offset ? row.data : row.data.subarray(offset - row.offset);

type WorkOutput = OutputRow & { readonly node: string; readonly cursor: number };

const toLine = (row: WorkOutput): string =>
  JSON.stringify({
    node: row.node,
    stream: streamNames[row.stream],
    offset: row.offset,
    timeMs: row.timeMs,
    data: Buffer.from(row.data.buffer, row.data.byteOffset, row.data.byteLength).toString('base64'),
    cursor: row.cursor,
  });

interface NodeLog {
  readonly node: string;
  taskId: string | undefined;
  readonly which: 1 | 2 | undefined;
  /** JSON lines of both streams instead of bytes: what came when, and from which. */
  readonly isLines: boolean;
  position: number;
}

/** Writes all there is from log.position on, and moves it. */
const writeNodeLog = async (context: WorkContext, log: NodeLog, stream: Stream): Promise<void> => {
  while (!stream.signal.aborted && log.taskId !== undefined) {
    const rows = await context.store.tasks.output({
      taskId: log.taskId,
      ...(log.which === undefined ? {} : { stream: log.which }),
      fromOffset: log.position,
      limitBytes: readBytes,
    });
    if (rows.length === 0) return;
    for (const row of rows) {
      if (log.isLines) await stream.write(`${toLine({ ...row, node: log.node })}\n`);
      else await stream.write(log.which === undefined ? row.data : fromOffset(row, log.position));
      log.position = log.which === undefined ? row.cursor : row.offset + row.data.length;
    }
  }
};

/** False as long as there is no task: the work's tasks may not have been made yet. */
const isTaskFinal = async (context: WorkContext, work: string, log: NodeLog): Promise<boolean> => {
  log.taskId ??= await taskOf(context, work, log.node);
  if (log.taskId === undefined) return false;
  const task = await context.store.tasks.get(log.taskId);
  return task === undefined || isFinal(task.state);
};

const oneNode = async (
  context: WorkContext,
  kind: Kind,
  node: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const query = queryOf(request);
  const start = workOf(context, kind, request);
  const name = word(query, 'stream', ['stdout', 'stderr']);
  const isFollowing = isTrue(query, 'follow');
  const isLines = isTrue(query, 'lines');
  const log: NodeLog = {
    node,
    taskId: await taskOf(context, uidOf(start), node),
    which: isLines ? undefined : name && streamNumbers[name],
    isLines,
    position: integer(query, isLines ? 'cursor' : 'offset') ?? 0,
  };
  if (log.taskId === undefined && (!isFollowing || isFinalWork(start))) throw noTask(node);
  const contentType = isLines ? 'application/json' : 'application/octet-stream';
  const settings = { contentType, slowMs: context.limits.slowStreamMs };
  await context.streams.run(reply, settings, async (stream) => {
    if (!isFollowing) return writeNodeLog(context, log, stream);
    return followTask(context, kind, start, log, stream);
  });
  return undefined;
};

/** Follows until the node's own task is final, which may be long before the work is. */
const followTask = async (
  context: WorkContext,
  kind: Kind,
  start: Parameters<typeof followWork>[2],
  log: NodeLog,
  stream: Stream,
): Promise<void> => {
  const done = new AbortController();
  const abort = (): void => done.abort();
  stream.signal.addEventListener('abort', abort);
  const until: Stream = { ...stream, signal: done.signal };
  try {
    await followWork(context, kind, start, until, async () => {
      const final = await isTaskFinal(context, uidOf(start), log);
      await writeNodeLog(context, log, stream);
      if (final) abort();
    });
  } finally {
    stream.signal.removeEventListener('abort', abort);
  }
};

const toEvent = (row: WorkOutput): string => `id: ${row.cursor}\ndata: ${toLine(row)}\n\n`;

const writeWorkLog = async (
  context: WorkContext,
  work: string,
  cursor: number,
  write: (rows: readonly WorkOutput[]) => Promise<void>,
  signal: AbortSignal,
): Promise<number> => {
  let after = cursor;
  while (!signal.aborted) {
    const rows = await context.store.tasks.outputOfWork({ work, afterCursor: after, limitBytes: readBytes });
    const last = rows.at(-1);
    if (last === undefined) break;
    await write(rows);
    after = last.cursor;
  }
  return after;
};

/** Where an event stream was cut, as the browser tells it. */
const lastEventId = (request: FastifyRequest): Query => {
  const id = request.headers['last-event-id'];
  return typeof id === 'string' ? { cursor: id } : {};
};

const allNodes = async (
  context: WorkContext,
  kind: Kind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const isEvents = accepts(request, 'text/event-stream');
  const query = { ...queryOf(request), ...(isEvents ? lastEventId(request) : {}) };
  const start = workOf(context, kind, request);
  let cursor = integer(query, 'cursor') ?? 0;
  const contentType = isEvents ? 'text/event-stream' : 'application/json';
  const settings = { contentType, slowMs: context.limits.slowStreamMs };
  await context.streams.run(reply, settings, async (stream) => {
    const write = (rows: readonly WorkOutput[]): Promise<void> =>
      stream.write(isEvents ? rows.map(toEvent).join('') : rows.map((row) => `${toLine(row)}\n`).join(''));
    const step = async (): Promise<void> => {
      cursor = await writeWorkLog(context, uidOf(start), cursor, write, stream.signal);
    };
    const beat = isEvents ? setInterval(() => void stream.write(':\n\n'), sseBeatMs) : undefined;
    try {
      const isFollowing = isTrue(query, 'follow');
      const isComplete = !isFollowing || (await followWork(context, kind, start, stream, step));
      if (!isFollowing) await step();
      if (isEvents && isComplete) await stream.write('event: end\ndata: {}\n\n');
    } finally {
      clearInterval(beat);
    }
  });
  return undefined;
};

export const logHandler =
  (context: WorkContext, kind: Kind): Handler =>
  async (request, reply) => {
    const node = first(queryOf(request), 'node');
    return node === undefined
      ? allNodes(context, kind, request, reply)
      : oneNode(context, kind, node, request, reply);
  };
