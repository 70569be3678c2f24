// Owns the statements of agents: who is connected, to which controller, facts, last heartbeats.
// I1: an agent belongs to the controller that it came to last. What another one still has to say of its end is passed over.
import type { AgentRow } from '../agent-store.ts';
import type { Context } from './context.ts';
import type { Awaitable, Tuple, Value } from './database.ts';
import { notify } from './notices.ts';

/** Order of an agent's tuple; ../agents.ts reads it. */
const columns = `node, serial, machine_id, boot_id, journal_id, agent_version, agent_sha256, python_version,
  connected, since_ms, facts, heartbeat, controller`;

export type ConnectedAgent = Omit<AgentRow, 'connected' | 'sinceMs' | 'heartbeat' | 'facts'> & {
  readonly facts: string;
  readonly nowMs: number;
};

const connected = (context: Context, a: ConnectedAgent): Awaitable<Tuple | undefined> => {
  notify(context, 'agent', a.node);
  return context.database.tuple(
    `INSERT INTO agent (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, NULL, ?)
       ON CONFLICT (node) DO UPDATE SET serial = excluded.serial, machine_id = excluded.machine_id,
       boot_id = excluded.boot_id, journal_id = excluded.journal_id, agent_version = excluded.agent_version,
       agent_sha256 = excluded.agent_sha256, python_version = excluded.python_version, connected = 1,
       since_ms = CASE WHEN agent.connected = 1 THEN agent.since_ms ELSE excluded.since_ms END,
       facts = excluded.facts, controller = excluded.controller RETURNING ${columns}`,
    a.node,
    a.serial,
    a.machineId,
    a.bootId,
    a.journalId,
    a.agentVersion,
    a.agentSha256,
    a.pythonVersion,
    a.nowMs,
    a.facts,
    a.controller,
  );
};

interface Claim {
  readonly node: string;
  readonly controller: string;
}

/** Carries out a change of one agent, and leaves a notice when there was something to change (notices.ts I1). */
const change = async (
  context: Context,
  node: string,
  sql: string,
  ...values: readonly Value[]
): Promise<Tuple | undefined> => {
  const row = await context.database.tuple(`${sql} RETURNING ${columns}`, ...values);
  if (row !== undefined) notify(context, 'agent', node);
  return row;
};

/** Before its tasks are compared with what the agent knows: from then on nobody else hands it any. */
const claim = (context: Context, { node, controller }: Claim): Promise<Tuple | undefined> =>
  change(context, node, 'UPDATE agent SET controller = ? WHERE node = ?', controller, node);

const disconnected = (
  context: Context,
  { node, nowMs, controller }: Claim & { readonly nowMs: number },
): Promise<Tuple | undefined> => {
  const sql =
    'UPDATE agent SET connected = 0, since_ms = ? WHERE node = ? AND connected = 1 AND controller = ?';
  return change(context, node, sql, nowMs, node, controller);
};

interface Departure {
  /** Whose agents leave, with those of nobody who is known; and when. */
  readonly controller: string;
  readonly nowMs: number;
}

/** However many they are, one notice tells of them: it names the time, by which others know their rows. */
const disconnectAll = async (
  context: Context,
  { controller, nowMs }: Departure,
): Promise<readonly Tuple[]> => {
  const rows = await context.database.tuples(
    `UPDATE agent SET connected = 0, since_ms = ? WHERE connected = 1 AND controller IN (?, '') RETURNING ${columns}`,
    nowMs,
    controller,
  );
  if (rows.length > 0) notify(context, 'departure', `${nowMs} ${controller}`);
  return rows;
};

/** Rows of the agents that left by it, and have not come back. */
export const agentsDeparted = ({ database }: Context, name: string): Awaitable<readonly Tuple[]> => {
  const [nowMs = '', controller = ''] = name.split(' ');
  const sql = `SELECT ${columns} FROM agent WHERE connected = 0 AND since_ms = ? AND controller IN (?, '')`;
  return database.tuples(sql, Number(nowMs), controller);
};

const setFacts = (
  context: Context,
  { node, facts }: { readonly node: string; readonly facts: string },
): Promise<Tuple | undefined> =>
  change(context, node, 'UPDATE agent SET facts = ?1 WHERE node = ?2 AND facts <> ?1', facts, node);

/** A statement for each of thousands costs more than the rows; one of few lengths is prepared once. */
const chunkRows = [256, 16, 1] as const;

function* inChunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  let at = 0;
  for (const size of chunkRows) for (; at + size <= rows.length; at += size) yield rows.slice(at, at + size);
}

const setHeartbeats = (
  context: Context,
  {
    rows,
    controller,
  }: { readonly rows: readonly (readonly [string, string])[]; readonly controller: string },
): void => {
  for (const some of inChunks(rows)) {
    const values = some.map(() => '(?, ?)').join(', ');
    const sql = `UPDATE agent SET heartbeat = v.column2 FROM (VALUES ${values}) AS v
      WHERE node = v.column1 AND controller = ?`; // I1
    context.send(sql, ...some.flat(), controller);
  }
};

const remove = async (context: Context, node: string): Promise<boolean> => {
  const was = (await context.database.run('DELETE FROM agent WHERE node = ?', node)) > 0;
  if (was) notify(context, 'agent', node);
  return was;
};

/** Of agents that are connected to other controllers. */
const heartbeatsElsewhere = ({ database }: Context, controller: string): Awaitable<readonly Tuple[]> =>
  database.tuples(
    'SELECT node, heartbeat FROM agent WHERE connected = 1 AND controller <> ? AND heartbeat IS NOT NULL',
    controller,
  );

const get = ({ database }: Context, node: string): Awaitable<Tuple | undefined> =>
  database.tuple(`SELECT ${columns} FROM agent WHERE node = ?`, node);

/** Of which others have told after a notice: their rows, null where there is none. A fleet that comes back tells of thousands. */
export const agentsToldAfter = async (
  { database }: Context,
  notice: number,
): Promise<readonly (readonly [string, Tuple | null])[]> => {
  const told = "SELECT DISTINCT name FROM notice WHERE seq > ? AND kind = 'agent'";
  const [names, rows] = await Promise.all([
    database.tuples(told, notice),
    database.tuples(`SELECT ${columns} FROM agent WHERE node IN (${told})`, notice),
  ]);
  const found = new Map(rows.map((row) => [String(row[0]), row]));
  return names.map(([name]) => [String(name), found.get(String(name)) ?? null]);
};

const controllers = async ({ database }: Context): Promise<readonly string[]> =>
  (await database.tuples('SELECT DISTINCT controller FROM agent WHERE connected = 1')).map(([id]) =>
    String(id),
  );

const list = ({ database }: Context): Awaitable<readonly Tuple[]> =>
  database.tuples(`SELECT ${columns} FROM agent ORDER BY node`);

const owners = ({ database }: Context): Awaitable<readonly Tuple[]> =>
  database.tuples('SELECT node, controller FROM agent ORDER BY node');

export const agentWrites = {
  'agents.connected': connected,
  'agents.claim': claim,
  'agents.disconnected': disconnected,
  'agents.disconnectAll': disconnectAll,
  'agents.setFacts': setFacts,
  'agents.setHeartbeats': setHeartbeats,
  'agents.remove': remove,
};
export const agentReads = {
  'agents.get': get,
  'agents.list': list,
  'agents.owners': owners,
  'agents.controllers': controllers,
  'agents.heartbeatsElsewhere': heartbeatsElsewhere,
};
