// Owns the statements of agents: who is connected, facts, last heartbeats.
import type { AgentRow } from '../store.ts';
import type { Context, Tuple } from './context.ts';

/** Order of an agent's tuple; ../agents.ts reads it. */
const columns = `node, serial, machine_id, boot_id, journal_id, agent_version, agent_sha256, python_version,
  connected, since_ms, facts, heartbeat`;

export type ConnectedAgent = Omit<AgentRow, 'connected' | 'sinceMs' | 'heartbeat' | 'facts'> & {
  readonly facts: string;
  readonly nowMs: number;
};

const connected = (context: Context, a: ConnectedAgent): Tuple | undefined =>
  context
    .tuples(
      `INSERT INTO agent (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, NULL)
       ON CONFLICT (node) DO UPDATE SET serial = excluded.serial, machine_id = excluded.machine_id,
       boot_id = excluded.boot_id, journal_id = excluded.journal_id, agent_version = excluded.agent_version,
       agent_sha256 = excluded.agent_sha256, python_version = excluded.python_version, connected = 1,
       since_ms = iif(connected = 1, since_ms, excluded.since_ms), facts = excluded.facts RETURNING ${columns}`,
    )
    .get(
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
    );

const disconnected = (
  context: Context,
  gone: { readonly node: string; readonly nowMs: number },
): Tuple | undefined =>
  context
    .tuples(
      `UPDATE agent SET connected = 0, since_ms = ? WHERE node = ? AND connected = 1 RETURNING ${columns}`,
    )
    .get(gone.nowMs, gone.node);

const disconnectAll = (context: Context, nowMs: number): readonly Tuple[] =>
  context
    .tuples(`UPDATE agent SET connected = 0, since_ms = ? WHERE connected = 1 RETURNING ${columns}`)
    .all(nowMs);

const setFacts = (
  context: Context,
  update: { readonly node: string; readonly facts: string },
): Tuple | undefined =>
  context
    .tuples(`UPDATE agent SET facts = ? WHERE node = ? AND facts <> ? RETURNING ${columns}`)
    .get(update.facts, update.node, update.facts);

const setHeartbeats = (context: Context, heartbeats: readonly (readonly [string, string])[]): void => {
  const update = context.prepare('UPDATE agent SET heartbeat = ? WHERE node = ?');
  for (const [node, heartbeat] of heartbeats) update.run(heartbeat, node);
};

const remove = (context: Context, node: string): boolean =>
  Number(context.prepare('DELETE FROM agent WHERE node = ?').run(node).changes) > 0;

const get = (context: Context, node: string): Tuple | undefined =>
  context.tuples(`SELECT ${columns} FROM agent WHERE node = ?`).get(node);

const list = (context: Context): readonly Tuple[] =>
  context.tuples(`SELECT ${columns} FROM agent ORDER BY node`).all();

export const agentWrites = {
  'agents.connected': connected,
  'agents.disconnected': disconnected,
  'agents.disconnectAll': disconnectAll,
  'agents.setFacts': setFacts,
  'agents.setHeartbeats': setHeartbeats,
  'agents.remove': remove,
};
export const agentReads = { 'agents.get': get, 'agents.list': list };
