// Owns the statements of tasks.
// I1: states only go forward (waiting, queued, sent, running, final), except sent → queued by requeue; a final state is never left.
// I2: every change of a row takes the next number of the store's `change` counter and is told to the listeners.
// I3: finished_at_ms is 0 exactly while a task is live; the partial index task_live depends on it.
import { noResult } from '@drover/api/task';
import { finalTaskStates, isFinal, liveTaskStates, type TaskState } from '@drover/api/task-states';
import type { FinishedTask, NewTask, TaskCounts, TaskFilter } from '../store.ts';
import { type Context, saveFloor } from './context.ts';
import type { Awaitable, Tuple, Value } from './database.ts';
import { digestsOf, loadTask } from './streams.ts';

/** Order of a task's tuple; ../task-rows.ts reads it. */
export const taskColumns = `id, (SELECT uid FROM work WHERE work.seq = task.work), node, position, state,
  cancel_requested, timeout_ms, created_at_ms, expires_at_ms, sent_at_ms, started_at_ms, finished_at_ms,
  journal_id, done_bytes, total_bytes, message, result, change`;

/** Runs an UPDATE or INSERT of one row that ends in RETURNING; notes the row if there was one. */
const change = async (context: Context, sql: string, ...values: readonly Value[]): Promise<boolean> => {
  const number = ++context.counters.change;
  const row = await context.database.tuple(`${sql} RETURNING ${taskColumns}`, number, ...values);
  if (row !== undefined) note(context, row);
  return row !== undefined;
};

/** Asks for all of them without waiting for one before the next (database.ts I1). */
const each = async <T, R>(items: readonly T[], step: (item: T) => Promise<R>): Promise<readonly R[]> =>
  Promise.all(items.map(step));

/** Those for which the step was true. */
const those = async <T>(items: readonly T[], step: (item: T) => Promise<boolean>): Promise<readonly T[]> => {
  const done = await each(items, step);
  return items.filter((_, index) => done[index] === true);
};

const note = (context: Context, row: Tuple): void => {
  const id = String(row[0]);
  context.effects.tasks.delete(id);
  context.effects.tasks.set(id, row);
};

const ensureWork = async (context: Context, uid: string, spec: string): Promise<number> => {
  context.send('INSERT INTO work (uid, spec) VALUES (?, ?) ON CONFLICT (uid) DO NOTHING', uid, spec);
  return Number((await context.database.row('SELECT seq FROM work WHERE uid = ?', uid))?.['seq']);
};

const insert = async (
  context: Context,
  batch: { readonly work: string; readonly spec: string; readonly tasks: readonly NewTask[] },
): Promise<void> => {
  const work = await ensureWork(context, batch.work, batch.spec);
  const sql = `INSERT INTO task (change, id, work, node, position, state, timeout_ms, created_at_ms, expires_at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
  await each(batch.tasks, (t) =>
    change(context, sql, t.id, work, t.node, t.index, t.state, t.timeoutMs, t.createdAtMs, t.expiresAtMs),
  );
};

const release = async (context: Context, ids: readonly string[]): Promise<void> => {
  const sql = "UPDATE task SET change = ?, state = 'queued' WHERE id = ? AND state = 'waiting'";
  await each(ids, (id) => change(context, sql, id));
};

/** Its agent has not gone to another controller (agents.ts I1). */
const isStillOurs = 'NOT EXISTS (SELECT 1 FROM agent WHERE agent.node = task.node AND agent.controller <> ?)';

const markSent = (
  context: Context,
  sent: {
    readonly ids: readonly string[];
    readonly journalId: string;
    readonly nowMs: number;
    readonly controller: string;
  },
): Promise<readonly string[]> =>
  those(sent.ids, (id) =>
    change(
      context,
      `UPDATE task SET change = ?, state = 'sent', journal_id = ?, sent_at_ms = ?, message = ''
       WHERE id = ? AND state = 'queued' AND ${isStillOurs}`,
      sent.journalId,
      sent.nowMs,
      id,
      sent.controller,
    ),
  );

/** What was cancelled meanwhile ends instead: its node may never come back to hear of it. */
const requeue = async (
  context: Context,
  back: { readonly ids: readonly string[]; readonly nowMs: number; readonly controller: string },
): Promise<void> => {
  const cancelled = "SELECT 1 FROM task WHERE id = ? AND state = 'sent' AND cancel_requested = 1";
  const again = `UPDATE task SET change = ?, state = 'queued', journal_id = '', sent_at_ms = 0
    WHERE id = ? AND state = 'sent' AND ${isStillOurs}`;
  await each(back.ids, async (id) =>
    (await context.database.row(cancelled, id)) === undefined
      ? change(context, again, id, back.controller)
      : finishOne(context, { id, ...toCancelled(back.nowMs) }, ['sent']),
  );
};

type Started = { readonly id: string; readonly timeMs: number };
type Progress = { readonly id: string; readonly doneBytes: number; readonly totalBytes: number };

const markStarted = async (context: Context, started: readonly Started[]): Promise<void> => {
  const sql =
    "UPDATE task SET change = ?, state = 'running', started_at_ms = ? WHERE id = ? AND state = 'sent'";
  await each(started, ({ id, timeMs }) => change(context, sql, timeMs, id));
};

const setProgress = async (context: Context, progress: readonly Progress[]): Promise<void> => {
  const sql = `UPDATE task SET change = ?1, done_bytes = ?2, total_bytes = ?3
    WHERE id = ?4 AND finished_at_ms = 0 AND (done_bytes <> ?2 OR total_bytes <> ?3)`;
  await each(progress, ({ id, doneBytes, totalBytes }) => change(context, sql, doneBytes, totalBytes, id));
};

const setMessage = async (
  context: Context,
  wait: { readonly ids: readonly string[]; readonly message: string },
): Promise<void> => {
  const sql = `UPDATE task SET change = ?1, message = ?2
    WHERE id = ?3 AND finished_at_ms = 0 AND message <> ?2`;
  await each(wait.ids, (id) => change(context, sql, wait.message, id));
};

/** Whether it was live, in one of the states, and is final now. */
const finishOne = async (
  context: Context,
  task: FinishedTask,
  from: readonly TaskState[] = liveTaskStates,
): Promise<boolean> => {
  const known = await loadTask(context, task.id);
  if (known === undefined || known.isFinal) return false;
  const digests = await digestsOf(context, known);
  const changed = await change(
    context,
    `UPDATE task SET change = ?1, state = ?2, finished_at_ms = ?3, exit_code = ?4, result = ?5, message = '',
     stdout_sha256 = ?6, stderr_sha256 = ?7, started_at_ms = coalesce(?8, started_at_ms)
     WHERE id = ?9 AND finished_at_ms = 0 AND state IN (${from.map((state) => `'${state}'`).join(', ')})`,
    task.state,
    Math.max(1, task.finishedAtMs),
    task.result.exitCode,
    JSON.stringify(task.result),
    digests.stdout,
    digests.stderr,
    task.startedAtMs > 0 ? task.startedAtMs : null,
    task.id,
  );
  if (changed) context.digests.delete(task.id);
  return changed;
};

const finish = async (
  context: Context,
  ended: { readonly tasks: readonly FinishedTask[]; readonly onlyFrom: readonly TaskState[] | undefined },
): Promise<readonly string[]> => {
  const from = liveTaskStates.filter((state) => ended.onlyFrom?.includes(state) ?? true);
  const finished = await those(ended.tasks, (task) => finishOne(context, task, from));
  return finished.map((task) => task.id);
};

/** The end of a task that was cancelled before any agent had it. */
const toCancelled = (nowMs: number): Omit<FinishedTask, 'id'> => ({
  state: 'cancelled',
  startedAtMs: 0,
  finishedAtMs: nowMs,
  result: { ...noResult, reason: 'cancelled before it was started' },
});

const liveIds = async ({ database }: Context, work: string, states: string): Promise<readonly string[]> => {
  const rows = await database.rows(
    `SELECT id FROM task WHERE work = (SELECT seq FROM work WHERE uid = ?) AND state IN (${states})
     AND cancel_requested = 0 ORDER BY position`,
    work,
  );
  return rows.map((row) => String(row['id']));
};

const requestCancel = async (
  context: Context,
  request: { readonly work: string; readonly nowMs: number },
): Promise<void> => {
  const begun = await liveIds(context, request.work, "'sent', 'running'");
  const idle = await liveIds(context, request.work, "'waiting', 'queued'");
  const mark = 'UPDATE task SET change = ?, cancel_requested = 1 WHERE id = ?';
  await each([...begun, ...idle], (id) => change(context, mark, id));
  const ended = toCancelled(request.nowMs);
  await each(idle, (id) => finishOne(context, { id, ...ended }));
};

/**
 * Takes the tasks away and hides the work; the output follows in slices (output.removeSome), so that no
 * transaction is long. Returns the hidden work's number, or undefined if there is no such work.
 */
const remove = async (context: Context, uid: string): Promise<number | undefined> => {
  const row = await context.database.row('SELECT seq FROM work WHERE uid = ?', uid);
  if (row === undefined) return undefined;
  const seq = Number(row['seq']);
  saveFloor(context, 'change', context.counters.change);
  saveFloor(context, 'cursor', context.counters.cursor);
  context.digests.clear();
  context.send('DELETE FROM task WHERE work = ?', seq);
  context.send('UPDATE work SET uid = ? WHERE seq = ?', `removed:${seq}`, seq);
  return seq;
};

/** Numbers of works whose removal was begun and not ended. */
const halfRemoved = async ({ database }: Context): Promise<readonly number[]> => {
  const rows = await database.rows("SELECT seq FROM work WHERE uid LIKE 'removed:%'");
  return rows.map((row) => Number(row['seq']));
};

const conditions = (filter: TaskFilter): { readonly sql: string; readonly values: (string | number)[] } => {
  const parts: string[] = ['1 = 1'];
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

const list = ({ database }: Context, filter: TaskFilter): Awaitable<readonly Tuple[]> => {
  const { sql, values } = conditions(filter);
  const order = filter.afterChange === undefined ? 'work, position' : 'change';
  return database.tuples(
    `SELECT ${taskColumns} FROM task WHERE ${sql} ORDER BY ${order} LIMIT ?`,
    ...values,
    filter.limit ?? Number.MAX_SAFE_INTEGER,
  );
};

/** Rows that changed after a number, in order. */
export const tasksAfter = ({ database }: Context, change: number): Awaitable<readonly Tuple[]> =>
  database.tuples(`SELECT ${taskColumns} FROM task WHERE change > ? ORDER BY change`, change);

const get = ({ database }: Context, id: string): Awaitable<Tuple | undefined> =>
  database.tuple(`SELECT ${taskColumns} FROM task WHERE id = ?`, id);

const ofNode = (
  { database }: Context,
  query: { readonly node: string; readonly limit: number },
): Awaitable<readonly Tuple[]> =>
  database.tuples(
    `SELECT ${taskColumns} FROM task WHERE node = ? ORDER BY seq DESC LIMIT ?`,
    query.node,
    query.limit,
  );

const spec = async ({ database }: Context, uid: string): Promise<string | undefined> => {
  const row = await database.row('SELECT spec FROM work WHERE uid = ?', uid);
  return row === undefined ? undefined : String(row['spec']);
};

const counts = async ({ database }: Context, work: string): Promise<TaskCounts> => {
  const names = [...liveTaskStates, ...finalTaskStates.filter((s) => s !== 'exited'), 'succeeded', 'failed'];
  const result: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const rows = await database.tuples(
    `SELECT state, CASE WHEN exit_code = 0 THEN 1 ELSE 0 END AS zero, count(*) FROM task
     WHERE work = (SELECT seq FROM work WHERE uid = ?) GROUP BY state, zero`,
    work,
  );
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
