// Owns the faults: what is done to a controller or to the database, how it is undone, and how long everything took to be back.
// I1: the next fault waits until all is well again: two at a time are more than three controllers promise to bear.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { randomBelow } from '../../test/faults/killing.ts';
import { waitFor } from '../../test/harness/wait.ts';
import type { BenchContext } from '../bench.ts';
import type { Ground } from './ground.ts';
import type { Probes } from './probes.ts';

export type FaultKind = 'kill' | 'freeze' | 'cut' | 'silence' | 'database';

/** How long it took, in ms, until what was begun after the fault worked again; the database's from when the standby took writes. */
export interface Recovery {
  readonly kind: FaultKind;
  readonly agentsMs: number;
  readonly writesMs: number;
  readonly watchesMs: number;
  /** From the kill of the database's server to the promotion of the other. */
  readonly promotionMs: number;
}

export interface FaultsDeps {
  readonly context: BenchContext;
  readonly ground: Ground;
  readonly probes: Probes;
  readonly agents: number;
  /** How long a controller is frozen or cut off. */
  readonly lastsMs: number;
  /** So long at most until the next one. */
  readonly calmMs: number;
  /** Told after each. */
  readonly onRecovery: (recoveries: readonly Recovery[]) => void;
}

const patienceMs = 90_000;

/** From the database itself, so that it is not asked of those who are struck. */
const askDatabase = async (
  { pair }: Ground,
  sql: string,
  values: readonly unknown[],
): Promise<Readonly<Record<string, unknown>>> => {
  const client: Client = await pair.server.open();
  try {
    return (await client.query<Record<string, unknown>>(sql, [...values])).rows[0] ?? {};
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Agents that are connected to a controller other than the one, or have come to it since. */
const countAgents = async (
  ground: Ground,
  { without, sinceMs }: { readonly without: string; readonly sinceMs: number },
): Promise<number> => {
  const sql = `SELECT count(*) AS count FROM ${ground.pair.schema}.agent WHERE connected = 1 AND (controller <> $1 OR since_ms >= $2)`;
  return Number((await askDatabase(ground, sql, [without, sinceMs]))['count']);
};

/** By chance, in proportion to the agents that it has: one without any would tell nothing. */
const pickVictim = async (ground: Ground): Promise<number> => {
  const sql = `SELECT controller FROM ${ground.pair.schema}.agent WHERE connected = 1 ORDER BY random() LIMIT 1`;
  const { controller } = await askDatabase(ground, sql, []);
  return ground.controllers.findIndex((_, index) => ground.idOf(index) === controller);
};

const agentsBackAt = async (
  { ground, agents }: FaultsDeps,
  without: string,
  sinceMs: number,
): Promise<number> => {
  await waitFor(
    'all agents to be back',
    async () => (await countAgents(ground, { without, sinceMs })) >= agents,
    patienceMs,
  );
  return performance.now();
};

const settle = async (deps: FaultsDeps): Promise<void> => {
  const { ground, agents } = deps;
  const isWell = async (): Promise<boolean> =>
    ground.controllers.every((_, index) => ground.balancer.isUp(index)) &&
    (await countAgents(ground, { without: '', sinceMs: 0 })) >= agents;
  await waitFor('all to be well', isWell, patienceMs);
};

interface Struck {
  /** Id of the controller that it was done to; '' : to none. */
  readonly victim: string;
  readonly at: number;
  readonly atMs: number;
  readonly promotionMs: number;
  /** Undoes it, and what else must be for the next one. */
  readonly heal: () => Promise<unknown>;
}

const strikeDatabase = async ({ pair }: Ground): Promise<Struck> => {
  const atMs = Date.now();
  const { struckAt, promotedAt } = await pair.failOver();
  const heal = (): Promise<void> => pair.follow();
  return { victim: '', at: promotedAt, atMs, promotionMs: promotedAt - struckAt, heal };
};

const strike = async ({ ground, lastsMs }: FaultsDeps, kind: FaultKind): Promise<Struck> => {
  if (kind === 'database') return strikeDatabase(ground);
  const index = await pickVictim(ground);
  const victim = ground.controllers[index];
  if (victim === undefined) throw new Error('there is no controller to strike');
  const struck = { victim: ground.idOf(index), at: performance.now(), atMs: Date.now(), promotionMs: 0 };
  const lasting = delay(lastsMs);
  switch (kind) {
    case 'kill': {
      await victim.kill9();
      const started = victim.start(); // as a service manager does
      return { ...struck, heal: () => started };
    }
    case 'freeze':
      victim.signal('SIGSTOP');
      return { ...struck, heal: () => lasting.then(() => victim.signal('SIGCONT')) };
    case 'cut':
    case 'silence':
      ground.cut(index, kind === 'cut' ? 'refuses' : 'swallows');
      return { ...struck, heal: () => lasting.then(() => ground.cut(index, undefined)) };
    default:
      return kind satisfies never;
  }
};

const recover = async (deps: FaultsDeps, kind: FaultKind): Promise<Recovery> => {
  const { victim, at, atMs, promotionMs, heal } = await strike(deps, kind);
  const { probes } = deps;
  const look = (of: (from: number) => number | undefined, what: string): Promise<number> =>
    waitFor(`${what} to be back after a ${kind}`, () => of(at), patienceMs);
  const [, agentsAt, writesAt, watchesAt] = await Promise.all([
    heal(),
    agentsBackAt(deps, victim, kind === 'database' ? 0 : atMs),
    look(probes.writesBackAt, 'writes'),
    look(probes.watchesBackAt, 'watches'),
  ]);
  const times = { agentsMs: agentsAt - at, writesMs: writesAt - at, watchesMs: watchesAt - at };
  return { kind, promotionMs, ...times };
};

export const strikeAll = async (deps: FaultsDeps, kinds: readonly FaultKind[]): Promise<void> => {
  const { say, signal } = deps.context;
  const { calmMs, onRecovery } = deps;
  const recoveries: Recovery[] = [];
  for (const kind of kinds) {
    await settle(deps);
    await delay(randomBelow(calmMs), undefined, { signal });
    const one = await recover(deps, kind);
    recoveries.push(one);
    onRecovery(recoveries);
    const [agents, writes, watches] = [one.agentsMs, one.writesMs, one.watchesMs].map((ms) => Math.round(ms));
    say(`${kind}: agents back after ${agents} ms, writes ${writes}, watches ${watches}`);
  }
  await settle(deps);
};
