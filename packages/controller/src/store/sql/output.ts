// Owns the statements of output: chunks of stdout and stderr, and what is made of them.
// I1: the stored part of a stream only grows at its end; bytes before the end are there already and are dropped.
// I2: no more than the run's maxOutputBytes is stored of a stream, whatever the agent sends.
// I3: stdout_sha256 and stderr_sha256 of a final task are over exactly the stored bytes.
import type { FinishedTask, TaskResult } from '../store.ts';
import { eachBySize, type SizedQuery } from './by-size.ts';
import type { Context } from './context.ts';
import type { Database, Row, Value } from './database.ts';
import type { TaskDigest } from './digests.ts';
import { digestsOf, loadTask } from './streams.ts';
import { finish, markStarted, setProgress } from './tasks.ts';

/** `from`..`to` is the part of the report's packed bytes. */
export interface PackedChunk {
  readonly taskId: string;
  readonly stream: 1 | 2;
  readonly offset: number;
  readonly timeMs: number;
  readonly from: number;
  readonly to: number;
}

export interface PackedReport {
  readonly bytes: Uint8Array;
  readonly output: readonly PackedChunk[];
  readonly started: readonly { readonly id: string; readonly timeMs: number }[];
  readonly progress: readonly {
    readonly id: string;
    readonly doneBytes: number;
    readonly totalBytes: number;
  }[];
  readonly results: readonly FinishedTask[];
}

/** The part of the chunk that is new and under the cap, or undefined. */
const fresh = (
  chunk: PackedChunk,
  bytes: Uint8Array,
  end: number,
  capBytes: number,
): { readonly start: number; readonly data: Uint8Array } | undefined => {
  const start = Math.max(chunk.offset, end);
  const stop = Math.min(chunk.offset + (chunk.to - chunk.from), capBytes);
  if (start >= stop) return undefined;
  return {
    start,
    data: bytes.subarray(chunk.from + start - chunk.offset, chunk.from + stop - chunk.offset),
  };
};

const append = async (
  context: Context,
  chunk: PackedChunk,
  bytes: Uint8Array,
): Promise<TaskDigest | undefined> => {
  const task = await loadTask(context, chunk.taskId);
  const stream = task?.streams[chunk.stream - 1];
  if (task === undefined || stream === undefined) return undefined;
  const part = fresh(chunk, bytes, stream.end, task.work.capBytes);
  if (part === undefined) return undefined;
  context.send(
    'INSERT INTO output (cursor, work, task, stream, start, time_ms, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ++context.counters.cursor,
    task.work.seq,
    task.seq,
    chunk.stream,
    part.start,
    chunk.timeMs,
    part.data,
  );
  stream.end = part.start + part.data.length;
  stream.hash?.update(part.data);
  context.effects.output.set(chunk.taskId, task.work.uid);
  return task;
};

/** Output that comes after the end (the first result wins, its output is still true): keeps I3. */
const restamp = async (context: Context, id: string, task: TaskDigest): Promise<void> => {
  const { stdout, stderr } = await digestsOf(context, task);
  context.send('UPDATE task SET stdout_sha256 = ?, stderr_sha256 = ? WHERE id = ?', stdout, stderr, id);
  context.digests.delete(id);
};

const report = async (context: Context, packed: PackedReport): Promise<void> => {
  const late = new Map<string, TaskDigest>();
  for (const chunk of packed.output) {
    const task = await append(context, chunk, packed.bytes);
    if (task?.isFinal === true) late.set(chunk.taskId, task);
  }
  for (const [id, task] of late) await restamp(context, id, task);
  await markStarted(context, packed.started);
  await setProgress(context, packed.progress);
  await finish(context, { tasks: packed.results, onlyFrom: undefined });
  if (packed.bytes.buffer instanceof ArrayBuffer) context.spent.add(packed.bytes.buffer); // it was moved to us
};

/** Deletes some of a removed work's output; true when all is gone. */
const removeSome = async (context: Context, seq: number): Promise<boolean> => {
  const some = 'DELETE FROM output WHERE cursor IN (SELECT cursor FROM output WHERE work = ? LIMIT 256)';
  if ((await context.database.run(some, seq)) > 0) return false;
  context.send("DELETE FROM work WHERE seq = ? AND uid LIKE 'removed:%'", seq);
  return true;
};

/** A chunk as it goes to the main thread. */
export interface StoredChunk {
  readonly taskId: string;
  readonly node: string;
  readonly stream: 1 | 2;
  readonly offset: number;
  readonly timeMs: number;
  readonly cursor: number;
  readonly data: Uint8Array;
}

const chunkColumns =
  'output.cursor, output.stream, output.start, output.time_ms, output.data, task.id, task.node';

type Rows = Iterable<Row> | AsyncIterable<Row>;

const chunks = (
  database: Database,
  query: Pick<SizedQuery, 'where' | 'values' | 'key' | 'limitBytes'> & { readonly after?: number },
): Rows =>
  eachBySize(database, {
    ...query,
    columns: chunkColumns,
    table: 'output',
    join: 'JOIN task ON task.seq = output.task',
  });

/** Takes rows until `limitBytes` is reached, one at least; cuts what is before `fromOffset` off the first. */
const collect = async (
  context: Context,
  rows: Rows,
  limitBytes: number,
  fromOffset = 0,
): Promise<readonly StoredChunk[]> => {
  const found: StoredChunk[] = [];
  let size = 0;
  for await (const row of rows) {
    const stored = row['data'];
    if (!(stored instanceof Uint8Array)) continue;
    const start = Number(row['start']);
    const cut = Math.max(0, fromOffset - start);
    if (cut >= stored.length) continue;
    const data = cut > 0 ? stored.slice(cut) : stored;
    if (data.buffer instanceof ArrayBuffer && data.length === data.buffer.byteLength)
      context.moved.push(data.buffer);
    found.push({
      taskId: String(row['id']),
      node: String(row['node']),
      stream: row['stream'] === 1 ? 1 : 2,
      offset: start + cut,
      timeMs: Number(row['time_ms']),
      cursor: Number(row['cursor']),
      data,
    });
    size += data.length;
    if (size >= limitBytes) break;
  }
  return found;
};

const readTask = async (
  context: Context,
  query: {
    readonly taskId: string;
    readonly stream: 1 | 2 | undefined;
    readonly fromOffset: number;
    readonly limitBytes: number;
  },
): Promise<readonly StoredChunk[]> => {
  const { database } = context;
  const task = (await database.row('SELECT seq FROM task WHERE id = ?', query.taskId))?.['seq'];
  if (typeof task !== 'number') return [];
  const { stream, fromOffset, limitBytes } = query;
  if (stream === undefined) {
    const all = { where: 'output.task = ?1', values: [task], key: 'cursor', after: fromOffset, limitBytes };
    return collect(context, chunks(database, all), limitBytes);
  }
  const one = {
    where: `output.task = ?1 AND output.stream = ?2 AND output.start >= coalesce((SELECT max(start) FROM output
      WHERE task = ?1 AND stream = ?2 AND start <= ?3), 0)`,
    values: [task, stream, fromOffset],
    ...{ key: 'start', limitBytes },
  };
  return collect(context, chunks(database, one), limitBytes, fromOffset);
};

const readWork = (
  context: Context,
  query: { readonly work: string; readonly afterCursor: number; readonly limitBytes: number },
): Promise<readonly StoredChunk[]> => {
  const { work, afterCursor: after, limitBytes } = query;
  const where = 'output.work = (SELECT seq FROM work WHERE uid = ?1)';
  return collect(
    context,
    chunks(context.database, { where, values: [work], key: 'cursor', after, limitBytes }),
    limitBytes,
  );
};

export interface FoldGroup {
  readonly state: string;
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly sample: string;
  readonly nodes: string[];
}

const toGroup = (row: Row): FoldGroup => {
  // Written by tasks.finish from a TaskResult.
  const result = JSON.parse(String(row['result'] ?? '{}')) as Partial<TaskResult>;
  return {
    state: String(row['state']),
    exitCode: Number(row['exit_code']),
    signal: result.signal ?? 0,
    reason: result.reason ?? '',
    sample: String(row['id']),
    nodes: [],
  };
};

const hex = (value: Value | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';

const fold = async ({ database }: Context, work: string): Promise<readonly FoldGroup[]> => {
  const groups = new Map<string, FoldGroup>();
  const rows = database.each(
    `SELECT id, node, state, exit_code, result, stdout_sha256, stderr_sha256 FROM task
     WHERE work = (SELECT seq FROM work WHERE uid = ?) ORDER BY position`,
    work,
  );
  for await (const row of rows) {
    const made = toGroup(row);
    const { state, exitCode, signal, reason } = made;
    const key = JSON.stringify([
      ...[state, exitCode, signal, reason],
      ...[hex(row['stdout_sha256']), hex(row['stderr_sha256'])],
    ]);
    const group = groups.get(key) ?? made;
    group.nodes.push(String(row['node']));
    groups.set(key, group);
  }
  return [...groups.values()];
};

export const outputWrites = { 'tasks.report': report, 'output.removeSome': removeSome };
export const outputReads = { 'output.task': readTask, 'output.work': readWork, 'output.fold': fold };
