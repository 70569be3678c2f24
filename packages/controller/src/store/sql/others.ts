// Owns what other controllers have written to the same database since this one last looked.
// I1: whoever begins to write looks first, while nobody else can write (postgres/database.ts I1): so every controller hears of
//     everything in the one order in which it was committed, its own writes among it.
// I2: nothing is passed over: what was found is kept until it has been told, also when the transaction that found it fails.
// I3: what is remembered here of a task that another controller has written to is forgotten.
import { agentsDeparted, agentsToldAfter } from './agents.ts';
import { type Context, loadCounters, loadFloor } from './context.ts';
import type { NoticeKind } from './notices.ts';
import { rowsAfter } from './objects.ts';
import { tasksAfter } from './tasks.ts';

const everything = Number.MAX_SAFE_INTEGER;

/** It cannot be caught up with: the controller has to start anew. */
export class Behind extends Error {
  constructor(what: string) {
    super(`cannot go on: ${what}, so this controller has to start anew`);
  }
}

const findObjects = async (context: Context, after: number): Promise<void> => {
  if ((await loadFloor(context, 'compacted')) > after)
    throw new Behind('other controllers have compacted revisions that it has not seen');
  context.others.objects.push(...(await rowsAfter(context, { revision: after, limit: everything })));
};

const findTasks = async (context: Context, after: number): Promise<void> => {
  for (const row of await tasksAfter(context, after)) {
    const id = String(row[0]);
    context.digests.delete(id);
    context.others.tasks.set(id, row);
  }
};

const findOutput = async ({ database, digests, others }: Context, after: number): Promise<void> => {
  const rows = await database.tuples(
    `SELECT DISTINCT task.id, work.uid FROM output JOIN task ON task.seq = output.task
     JOIN work ON work.seq = task.work WHERE output.cursor > ?`,
    after,
  );
  for (const [id, work] of rows) {
    digests.delete(String(id));
    others.output.set(String(id), String(work));
  }
};

const findNotices = async (context: Context, after: number): Promise<void> => {
  const { database, others } = context;
  const rows = await database.tuples('SELECT seq, kind, name FROM notice WHERE seq > ? ORDER BY seq', after);
  if (Number(rows[0]?.[0]) !== after + 1)
    throw new Behind('other controllers have changed more than it could follow');
  const named = (kind: NoticeKind): readonly string[] =>
    rows.filter((row) => row[1] === kind).map((row) => String(row[2]));
  for (const id of named('credential')) others.credentials.add(id);
  for (const serial of named('certificate')) others.certificates.add(serial);
  if (named('agent').length > 0)
    for (const [node, row] of await agentsToldAfter(context, after)) others.agents.set(node, row);
  for (const departure of named('departure'))
    for (const row of await agentsDeparted(context, departure)) others.agents.set(String(row[0]), row);
  for (const path of new Set(named('kept'))) {
    const row = await database.row('SELECT text FROM kept_file WHERE path = ?', path);
    if (row !== undefined) others.kept.set(path, String(row['text']));
  }
};

/** Looks for what others have written; the counters are those of now afterwards. */
export const lookAtOthers = async (context: Context): Promise<void> => {
  const { seen } = context;
  const now = await loadCounters(context.database);
  const finders = {
    revision: findObjects,
    change: findTasks,
    cursor: findOutput,
    notice: findNotices,
  } as const;
  for (const name of ['revision', 'change', 'cursor', 'notice'] as const) {
    if (now[name] > seen[name]) await finders[name](context, seen[name]);
    seen[name] = now[name];
  }
  if (now.audit > seen.audit) context.others.audit = { seq: now.audit, hash: now.auditHash };
  Object.assign(seen, { audit: now.audit, auditHash: now.auditHash });
  Object.assign(context.counters, now);
};
