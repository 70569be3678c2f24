// Owns what is known of the stored streams of a task: where they end and the sha256 of what is stored.
import type { Hash } from 'node:crypto';
import type { Context } from './context.ts';
import { newHash, type StreamDigest, type TaskDigest } from './digests.ts';

const noCap = Number.MAX_SAFE_INTEGER;

const loadStream = (context: Context, seq: number, stream: 1 | 2): StreamDigest => {
  const row = context
    .tuples(
      'SELECT start + length(data) FROM output WHERE task = ? AND stream = ? ORDER BY start DESC LIMIT 1',
    )
    .get(seq, stream);
  const end = Number(row?.[0] ?? 0);
  return { end, hash: end === 0 ? newHash() : undefined };
};

/** The task's entry, or undefined if there is no such task. */
export const loadTask = (context: Context, id: string): TaskDigest | undefined => {
  const known = context.digests.get(id);
  if (known !== undefined) return known;
  const row = context
    .tuples(
      `SELECT task.seq, work.seq, work.uid, work.spec ->> '$.maxOutputBytes', finished_at_ms
       FROM task JOIN work ON work.seq = task.work WHERE task.id = ?`,
    )
    .get(id);
  if (row === undefined) return undefined;
  const seq = Number(row[0]);
  const made: TaskDigest = {
    seq,
    workSeq: Number(row[1]),
    work: String(row[2]),
    capBytes: typeof row[3] === 'number' ? row[3] : noCap,
    isFinal: row[4] !== 0,
    streams: [loadStream(context, seq, 1), loadStream(context, seq, 2)],
  };
  context.digests.set(id, made);
  return made;
};

const rehash = (context: Context, seq: number, stream: 1 | 2): Hash => {
  const hash = newHash();
  const rows = context.prepare('SELECT data FROM output WHERE task = ? AND stream = ? ORDER BY start');
  for (const row of rows.iterate(seq, stream)) {
    if (row['data'] instanceof Uint8Array) hash.update(row['data']);
  }
  return hash;
};

/** sha256 of what is stored of each stream (output.ts I3). */
export const digestsOf = (
  context: Context,
  id: string,
): { readonly stdout: Uint8Array | null; readonly stderr: Uint8Array | null } => {
  const task = loadTask(context, id);
  if (task === undefined) return { stdout: null, stderr: null };
  const digest = (stream: 1 | 2): Uint8Array =>
    (task.streams[stream - 1]?.hash?.copy() ?? rehash(context, task.seq, stream)).digest();
  return { stdout: digest(1), stderr: digest(2) };
};
