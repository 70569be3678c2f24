// Owns what the store offers of agents: sessions, facts, metrics (never in the object log).
import type { Unsubscribe } from './store.ts';

export interface AgentRow {
  readonly node: string;
  /** Serial number (hex) of the certificate in use; machineId and bootId as last seen. */
  readonly serial: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly journalId: string;
  readonly agentVersion: string;
  readonly agentSha256: string;
  readonly pythonVersion: string;
  readonly connected: boolean;
  /** When the present state (connected or not) began. */
  readonly sinceMs: number;
  /** Parsed facts JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Id of the controller that the agent is, or was last, connected to; '': not known. */
  readonly controller: string;
  /** Last heartbeat (parsed), or null. Kept in memory, written at most once a minute; where several controllers are, more often. */
  readonly heartbeat: Readonly<Record<string, number>> | null;
}

export interface AgentStore {
  get(node: string): Promise<AgentRow | undefined>;
  list(): Promise<readonly AgentRow[]>;
  /** Of every agent, whose it is. */
  owners(): Promise<readonly Pick<AgentRow, 'node' | 'controller'>[]>;
  /** It belongs to this controller from now on, whoever else thinks to have it. */
  connected(
    row: Omit<AgentRow, 'connected' | 'sinceMs' | 'heartbeat' | 'controller'>,
    nowMs: number,
  ): Promise<void>;
  /** It is about to be connected here: no other controller hands it tasks any more. */
  claim(node: string): Promise<void>;
  /** Does nothing when it has come to another controller meanwhile. */
  disconnected(node: string, nowMs: number): Promise<void>;
  /** At start: nobody is connected to this controller; or to `controller`, which is gone. */
  disconnectAll(nowMs: number, controller?: string): Promise<void>;
  /** Those that agents are connected to, as the rows have it. */
  controllers(): Promise<readonly string[]>;
  setFacts(node: string, facts: Readonly<Record<string, unknown>>): Promise<void>;
  /** In memory; see AgentRow.heartbeat. */
  heartbeat(node: string, heartbeat: Readonly<Record<string, number>>): void;
  onHeartbeat(listener: (node: string, heartbeat: Readonly<Record<string, number>>) => void): Unsubscribe;
  remove(node: string): Promise<void>;
  onChange(listener: (node: string, row: AgentRow | undefined) => void): Unsubscribe;
}
