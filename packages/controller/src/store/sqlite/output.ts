// Owns the statements of output: chunks of stdout and stderr, and what is made of them.
// I1: the stored part of a stream only grows at its end; bytes before the end are there already and are dropped.
// I2: no more than the run's maxOutputBytes is stored of a stream, whatever the agent sends.
// I3: stdout_sha256 and stderr_sha256 of a final task are over exactly the stored bytes.
import type { FinishedTask } from '../store.ts';
import type { Context, Tuple } from './context.ts';
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

const append = (context: Context, chunk: PackedChunk, bytes: Uint8Array): TaskDigest | undefined => {
  const task = loadTask(context, chunk.taskId);
  const stream = task?.streams[chunk.stream - 1];
  if (task === undefined || stream === undefined) return undefined;
  const part = fresh(chunk, bytes, stream.end, task.capBytes);
  if (part === undefined) return undefined;
  context
    .prepare(
      'INSERT INTO output (cursor, work, task, stream, start, time_ms, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(
      ++context.counters.cursor,
      task.workSeq,
      task.seq,
      chunk.stream,
      part.start,
      chunk.timeMs,
      part.data,
    );
  stream.end = part.start + part.data.length;
  stream.hash?.update(part.data);
  context.effects.output.set(chunk.taskId, task.work);
  return task;
};

/** Output that comes after the end (the first result wins, its output is still true): keeps I3. */
const restamp = (context: Context, id: string): void => {
  const digests = digestsOf(context, id);
  context
    .prepare('UPDATE task SET stdout_sha256 = ?, stderr_sha256 = ? WHERE id = ?')
    .run(digests.stdout, digests.stderr, id);
  context.digests.delete(id);
};

const report = (context: Context, packed: PackedReport): void => {
  const late = new Set<string>();
  for (const chunk of packed.output) {
    if (append(context, chunk, packed.bytes)?.isFinal === true) late.add(chunk.taskId);
  }
  for (const id of late) restamp(context, id);
  if (packed.bytes.buffer instanceof ArrayBuffer) packed.bytes.buffer.transfer(0); // moved to us, and now in the database
  markStarted(context, packed.started);
  setProgress(context, packed.progress);
  finish(context, { tasks: packed.results, onlyFrom: undefined });
};

/** Deletes some of a removed work's output; true when all is gone. */
const removeSome = (context: Context, seq: number): boolean => {
  const { changes } = context
    .prepare('DELETE FROM output WHERE cursor IN (SELECT cursor FROM output WHERE work = ? LIMIT 256)')
    .run(seq);
  if (Number(changes) > 0) return false;
  context.prepare("DELETE FROM work WHERE seq = ? AND uid LIKE 'removed:%'").run(seq);
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

type Rows = Iterable<Record<string, unknown>>;

/** Takes rows until `limitBytes` is reached, one at least; cuts what is before `fromOffset` off the first. */
const collect = (
  context: Context,
  rows: Rows,
  limitBytes: number,
  fromOffset = 0,
): readonly StoredChunk[] => {
  const chunks: StoredChunk[] = [];
  let size = 0;
  for (const row of rows) {
    const stored = row['data'];
    if (!(stored instanceof Uint8Array)) continue;
    const start = Number(row['start']);
    const cut = Math.max(0, fromOffset - start);
    if (cut >= stored.length) continue;
    const data = cut > 0 ? stored.slice(cut) : stored;
    if (data.buffer instanceof ArrayBuffer) context.moved.push(data.buffer);
    chunks.push({
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
  return chunks;
};

const readTask = (
  context: Context,
  query: {
    readonly taskId: string;
    readonly stream: 1 | 2 | undefined;
    readonly fromOffset: number;
    readonly limitBytes: number;
  },
): readonly StoredChunk[] => {
  const task = context.prepare('SELECT seq FROM task WHERE id = ?').get(query.taskId)?.['seq'];
  if (typeof task !== 'number') return [];
  if (query.stream === undefined) {
    const all = context.prepare(
      `SELECT ${chunkColumns} FROM output JOIN task ON task.seq = output.task
       WHERE output.task = ? AND output.cursor > ? ORDER BY output.cursor`,
    );
    return collect(context, all.iterate(task, query.fromOffset), query.limitBytes);
  }
  const one = context.prepare(
    `SELECT ${chunkColumns} FROM output JOIN task ON task.seq = output.task
     WHERE output.task = ?1 AND output.stream = ?2 AND output.start >= coalesce((SELECT max(start) FROM output
       WHERE task = ?1 AND stream = ?2 AND start <= ?3), 0) ORDER BY output.start`,
  );
  const rows = one.iterate(task, query.stream, query.fromOffset);
  return collect(context, rows, query.limitBytes, query.fromOffset);
};

const readWork = (
  context: Context,
  query: { readonly work: string; readonly afterCursor: number; readonly limitBytes: number },
): readonly StoredChunk[] => {
  const rows = context
    .prepare(
      `SELECT ${chunkColumns} FROM output JOIN task ON task.seq = output.task
       WHERE output.work = (SELECT seq FROM work WHERE uid = ?) AND output.cursor > ? ORDER BY output.cursor`,
    )
    .iterate(query.work, query.afterCursor);
  return collect(context, rows, query.limitBytes);
};

export interface FoldGroup {
  readonly state: string;
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly sample: string;
  readonly nodes: string[];
}

const toGroup = (row: Tuple): FoldGroup => ({
  state: String(row[2]),
  exitCode: Number(row[3]),
  signal: Number(row[4]),
  reason: String(row[5]),
  sample: String(row[0]),
  nodes: [],
});

const fold = (context: Context, work: string): readonly FoldGroup[] => {
  const groups = new Map<string, FoldGroup>();
  const rows = context
    .tuples(
      `SELECT id, node, state, exit_code, coalesce(result ->> '$.signal', 0), coalesce(result ->> '$.reason', ''),
       hex(stdout_sha256), hex(stderr_sha256) FROM task
       WHERE work = (SELECT seq FROM work WHERE uid = ?) ORDER BY position`,
    )
    .all(work);
  for (const row of rows) {
    const key = JSON.stringify(row.slice(2));
    const group = groups.get(key) ?? toGroup(row);
    group.nodes.push(String(row[1]));
    groups.set(key, group);
  }
  return [...groups.values()];
};

export const outputWrites = { 'tasks.report': report, 'output.removeSome': removeSome };
export const outputReads = { 'output.task': readTask, 'output.work': readWork, 'output.fold': fold };
