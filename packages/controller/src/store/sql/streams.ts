// Owns what is known of the stored streams of a task: where they end and the sha256 of what is stored.
import type { Hash } from 'node:crypto';
import { eachBySize } from './by-size.ts';
import type { Context } from './context.ts';
import { newHash, type StreamDigest, type TaskDigest, type WorkDigest } from './digests.ts';

/** Read at a time. */
const hashedBytes = 256 * 1024;

const noCap = Number.MAX_SAFE_INTEGER;

const loadStream = async ({ database }: Context, seq: number, stream: 1 | 2): Promise<StreamDigest> => {
  const row = await database.tuple(
    'SELECT start + length(data) FROM output WHERE task = ? AND stream = ? ORDER BY start DESC LIMIT 1',
    seq,
    stream,
  );
  const end = Number(row?.[0] ?? 0);
  return { end, hash: end === 0 ? newHash() : undefined };
};

const capOf = (spec: string): number => {
  // Written by tasks.insert from a TaskSpec.
  const { maxOutputBytes } = JSON.parse(spec) as { readonly maxOutputBytes?: unknown };
  return typeof maxOutputBytes === 'number' ? maxOutputBytes : noCap;
};

/** What the tasks of a work share. Its spec may be long: it is read once for all of them. */
const loadWork = async (context: Context, seq: number): Promise<WorkDigest | undefined> => {
  const known = context.digests.work(seq);
  if (known !== undefined) return known;
  const row = await context.database.row('SELECT uid, spec FROM work WHERE seq = ?', seq);
  if (row === undefined) return undefined;
  const made = { seq, uid: String(row['uid']), capBytes: capOf(String(row['spec'])) };
  context.digests.setWork(made);
  return made;
};

/** The task's entry, or undefined if there is no such task. */
export const loadTask = async (context: Context, id: string): Promise<TaskDigest | undefined> => {
  const known = context.digests.get(id);
  if (known !== undefined) return known;
  const row = await context.database.tuple('SELECT seq, work, finished_at_ms FROM task WHERE id = ?', id);
  if (row === undefined) return undefined;
  const seq = Number(row[0]);
  const work = await loadWork(context, Number(row[1]));
  if (work === undefined) return undefined;
  const made: TaskDigest = {
    seq,
    work,
    isFinal: row[2] !== 0,
    streams: await Promise.all([loadStream(context, seq, 1), loadStream(context, seq, 2)]),
  };
  context.digests.set(id, made);
  return made;
};

const rehash = async ({ database }: Context, seq: number, stream: 1 | 2): Promise<Hash> => {
  const hash = newHash();
  const query = { columns: 'start, data', table: 'output', key: 'start', values: [seq, stream] };
  const where = 'output.task = ?1 AND output.stream = ?2';
  for await (const row of eachBySize(database, { ...query, where, limitBytes: hashedBytes })) {
    if (row['data'] instanceof Uint8Array) hash.update(row['data']);
  }
  return hash;
};

/** sha256 of what is stored of each stream (output.ts I3). */
export const digestsOf = async (
  context: Context,
  task: TaskDigest,
): Promise<{ readonly stdout: Uint8Array; readonly stderr: Uint8Array }> => {
  const digest = async (stream: 1 | 2): Promise<Uint8Array> =>
    (task.streams[stream - 1]?.hash?.copy() ?? (await rehash(context, task.seq, stream))).digest();
  return { stdout: await digest(1), stderr: await digest(2) };
};
