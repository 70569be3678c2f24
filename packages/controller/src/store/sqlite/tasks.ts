// Owns the statements of tasks.
// I1: states only go forward (waiting, queued, sent, running, final), except sent → queued by requeue; a final state is never left.
// I2: every change of a row takes the next number of the store's `change` counter and is told to the listeners.
// I3: finished_at_ms is 0 exactly while a task is live; the partial index task_live depends on it.
import { finalTaskStates, isFinal, liveTaskStates, type TaskState } from '@drover/api/task-states';
import type { FinishedTask, NewTask, TaskCounts, TaskFilter, TaskResult } from '../store.ts';
import { type Context, saveFloor, type Tuple } from './context.ts';
import { digestsOf } from './streams.ts';

/** Order of a task's tuple; ../task-rows.ts reads it. */
export const taskColumns = `id, (SELECT uid FROM work WHERE work.seq = task.work), node, position, state,
  cancel_requested, timeout_ms, created_at_ms, expires_at_ms, sent_at_ms, started_at_ms, finished_at_ms,
  journal_id, done_bytes, total_bytes, message, result, change`;

const live = liveTaskStates.map((state) => `'${state}'`).join(', ');

/** Runs an UPDATE or INSERT of one row that ends in RETURNING; notes the row if there was one. */
const change = (
  context: Context,
  sql: string,
  ...values: (string | number | Uint8Array | null)[]
): boolean => {
  const row = context.tuples(`${sql} RETURNING ${taskColumns}`).get(context.counters.change + 1, ...values);
  if (row === undefined) return false;
  context.counters.change++;
  note(context, row);
  return true;
};

const note = (context: Context, row: Tuple): void => {
  const id = String(row[0]);
  context.effects.tasks.delete(id);
  context.effects.tasks.set(id, row);
};

const ensureWork = (context: Context, uid: string, spec: string): number => {
  context.prepare('INSERT INTO work (uid, spec) VALUES (?, ?) ON CONFLICT (uid) DO NOTHING').run(uid, spec);
  return Number(context.prepare('SELECT seq FROM work WHERE uid = ?').get(uid)?.['seq']);
};

const insert = (
  context: Context,
  batch: { readonly work: string; readonly spec: string; readonly tasks: readonly NewTask[] },
): void => {
  const work = ensureWork(context, batch.work, batch.spec);
  const sql = `INSERT INTO task (change, id, work, node, position, state, timeout_ms, created_at_ms, expires_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
  for (const t of batch.tasks) {
    change(context, sql, t.id, work, t.node, t.index, t.state, t.timeoutMs, t.createdAtMs, t.expiresAtMs);
  }
};

const release = (context: Context, ids: readonly string[]): void => {
  for (const id of ids) {
    change(context, "UPDATE task SET change = ?, state = 'queued' WHERE id = ? AND state = 'waiting'", id);
  }
};

const markSent = (
  context: Context,
  sent: { readonly ids: readonly string[]; readonly journalId: string; readonly nowMs: number },
): readonly string[] =>
  sent.ids.filter((id) =>
    change(
      context,
      `UPDATE task SET change = ?, state = 'sent', journal_id = ?, sent_at_ms = ?, message = ''
       WHERE id = ? AND state = 'queued'`,
      sent.journalId,
      sent.nowMs,
      id,
    ),
  );

/** What was cancelled meanwhile ends instead: its node may never come back to hear of it. */
const requeue = (
  context: Context,
  back: { readonly ids: readonly string[]; readonly nowMs: number },
): void => {
  const cancelled = context.prepare(
    "SELECT 1 FROM task WHERE id = ? AND state = 'sent' AND cancel_requested = 1",
  );
  for (const id of back.ids) {
    if (cancelled.get(id) !== undefined) {
      finishOne(context, { id, ...toCancelled(back.nowMs) }, "'sent'");
      continue;
    }
    change(
      context,
      `UPDATE task SET change = ?, state = 'queued', journal_id = '', sent_at_ms = 0
       WHERE id = ? AND state = 'sent'`,
      id,
    );
  }
};

type Started = { readonly id: string; readonly timeMs: number };
type Progress = { readonly id: string; readonly doneBytes: number; readonly totalBytes: number };

const markStarted = (context: Context, started: readonly Started[]): void => {
  for (const { id, timeMs } of started) {
    change(
      context,
      "UPDATE task SET change = ?, state = 'running', started_at_ms = ? WHERE id = ? AND state = 'sent'",
      timeMs,
      id,
    );
  }
};

const setProgress = (context: Context, progress: readonly Progress[]): void => {
  for (const { id, doneBytes, totalBytes } of progress) {
    change(
      context,
      `UPDATE task SET change = ?, done_bytes = ?, total_bytes = ?
       WHERE id = ? AND finished_at_ms = 0 AND (done_bytes <> ? OR total_bytes <> ?)`,
      doneBytes,
      totalBytes,
      id,
      doneBytes,
      totalBytes,
    );
  }
};

const setMessage = (
  context: Context,
  wait: { readonly ids: readonly string[]; readonly message: string },
): void => {
  for (const id of wait.ids) {
    change(
      context,
      'UPDATE task SET change = ?, message = ? WHERE id = ? AND finished_at_ms = 0 AND message <> ?',
      wait.message,
      id,
      wait.message,
    );
  }
};

const finishOne = (context: Context, task: FinishedTask, from: string): boolean => {
  const sql = `SELECT 1 FROM task WHERE id = ? AND finished_at_ms = 0 AND state IN (${from})`;
  if (context.prepare(sql).get(task.id) === undefined) return false;
  const digests = digestsOf(context, task.id);
  context.digests.delete(task.id);
  return change(
    context,
    `UPDATE task SET change = ?, state = ?, finished_at_ms = ?, exit_code = ?, result = ?, message = '',
     stdout_sha256 = ?, stderr_sha256 = ?, started_at_ms = iif(? > 0, ?, started_at_ms) WHERE id = ?`,
    task.state,
    Math.max(1, task.finishedAtMs),
    task.result.exitCode,
    JSON.stringify(task.result),
    digests.stdout,
    digests.stderr,
    task.startedAtMs,
    task.startedAtMs,
    task.id,
  );
};

const finish = (
  context: Context,
  ended: { readonly tasks: readonly FinishedTask[]; readonly onlyFrom: readonly TaskState[] | undefined },
): readonly string[] => {
  const from = ended.onlyFrom
    ? liveTaskStates
        .filter((state) => ended.onlyFrom?.includes(state))
        .map((state) => `'${state}'`)
        .join(', ')
    : live;
  return ended.tasks.filter((task) => finishOne(context, task, from)).map((task) => task.id);
};

const notStarted: TaskResult = {
  exitCode: 0,
  signal: 0,
  reason: 'cancelled before it was started',
  userMs: 0,
  systemMs: 0,
  maxRssKib: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutDropped: 0,
  stderrDropped: 0,
  survivors: 0,
  detail: null,
};

/** The end of a task that was cancelled before any agent had it. */
const toCancelled = (nowMs: number): Omit<FinishedTask, 'id'> => ({
  state: 'cancelled',
  startedAtMs: 0,
  finishedAtMs: nowMs,
  result: notStarted,
});

const liveIds = (context: Context, work: string, states: string): readonly string[] =>
  context
    .prepare(
      `SELECT id FROM task WHERE work = (SELECT seq FROM work WHERE uid = ?) AND state IN (${states})
       AND cancel_requested = 0 ORDER BY position`,
    )
    .all(work)
    .map((row) => String(row['id']));

const requestCancel = (
  context: Context,
  request: { readonly work: string; readonly nowMs: number },
): void => {
  const begun = liveIds(context, request.work, "'sent', 'running'");
  const idle = liveIds(context, request.work, "'waiting', 'queued'");
  for (const id of [...begun, ...idle]) {
    change(context, 'UPDATE task SET change = ?, cancel_requested = 1 WHERE id = ?', id);
  }
  const ended = toCancelled(request.nowMs);
  for (const id of idle) finishOne(context, { id, ...ended }, live);
};

/**
 * Takes the tasks away and hides the work; the output follows in slices (output.removeSome), so that no
 * transaction is long. Returns the hidden work's number, or undefined if there is no such work.
 */
const remove = (context: Context, uid: string): number | undefined => {
  const row = context.prepare('SELECT seq FROM work WHERE uid = ?').get(uid);
  if (row === undefined) return undefined;
  const seq = Number(row['seq']);
  saveFloor(context, 'change', context.counters.change);
  saveFloor(context, 'cursor', context.counters.cursor);
  context.digests.clear();
  context.prepare('DELETE FROM task WHERE work = ?').run(seq);
  context.prepare('UPDATE work SET uid = ? WHERE seq = ?').run(`removed:${seq}`, seq);
  return seq;
};

/** Numbers of works whose removal was begun and not ended. */
const halfRemoved = (context: Context): readonly number[] =>
  context
    .prepare("SELECT seq FROM work WHERE uid LIKE 'removed:%'")
    .all()
    .map((row) => Number(row['seq']));

const conditions = (filter: TaskFilter): { readonly sql: string; readonly values: (string | number)[] } => {
  const parts: string[] = ['1'];
  const values: (string | number)[] = [];
  const add = (part: string, ...bound: (string | number)[]): void => {
    parts.push(part);
    values.push(...bound);
  };
  if (filter.work !== undefined) add('work = (SELECT seq FROM work WHERE uid = ?)', filter.work);
  if (filter.node !== undefined) add('node = ?', filter.node);
  if (filter.states !== undefined) {
    add(`state IN (${filter.states.map(() => '?').join(', ')})`, ...filter.states);
    if (!filter.states.some(isFinal)) add('finished_at_ms = 0');
  }
  if (filter.afterChange !== undefined) add('change > ?', filter.afterChange);
  if (filter.afterIndex !== undefined) add('position > ?', filter.afterIndex);
  return { sql: parts.join(' AND '), values };
};

const list = (context: Context, filter: TaskFilter): readonly Tuple[] => {
  const { sql, values } = conditions(filter);
  const order = filter.afterChange === undefined ? 'work, position' : 'change';
  return context
    .tuples(`SELECT ${taskColumns} FROM task WHERE ${sql} ORDER BY ${order} LIMIT ?`)
    .all(...values, filter.limit ?? -1);
};

const get = (context: Context, id: string): Tuple | undefined =>
  context.tuples(`SELECT ${taskColumns} FROM task WHERE id = ?`).get(id);

const ofNode = (
  context: Context,
  query: { readonly node: string; readonly limit: number },
): readonly Tuple[] =>
  context
    .tuples(`SELECT ${taskColumns} FROM task WHERE node = ? ORDER BY seq DESC LIMIT ?`)
    .all(query.node, query.limit);

const spec = (context: Context, uid: string): string | undefined => {
  const row = context.prepare('SELECT spec FROM work WHERE uid = ?').get(uid);
  return row === undefined ? undefined : String(row['spec']);
};

const counts = (context: Context, work: string): TaskCounts => {
  const names = [...liveTaskStates, ...finalTaskStates.filter((s) => s !== 'exited'), 'succeeded', 'failed'];
  const result: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const rows = context
    .tuples(
      `SELECT state, exit_code = 0, count(*) FROM task WHERE work = (SELECT seq FROM work WHERE uid = ?)
       GROUP BY state, exit_code = 0`,
    )
    .all(work);
  for (const [state, zero, count] of rows) {
    const name = state === 'exited' ? (zero === 1 ? 'succeeded' : 'failed') : String(state);
    result[name] = (result[name] ?? 0) + Number(count);
  }
  // Every key of TaskCounts is in `names`.
  return result as TaskCounts;
};

export const taskWrites = {
  'tasks.insert': insert,
  'tasks.release': release,
  'tasks.markSent': markSent,
  'tasks.requeue': requeue,
  'tasks.markStarted': markStarted,
  'tasks.setProgress': setProgress,
  'tasks.setMessage': setMessage,
  'tasks.finish': finish,
  'tasks.requestCancel': requestCancel,
  'tasks.remove': remove,
};
export const taskReads = {
  'tasks.list': list,
  'tasks.get': get,
  'tasks.ofNode': ofNode,
  'tasks.spec': spec,
  'tasks.counts': counts,
  'tasks.halfRemoved': halfRemoved,
};
export { finish, markStarted, setProgress };
