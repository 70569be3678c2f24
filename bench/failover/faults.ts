// Owns the faults: what is done to a controller or to the database, how it is undone, and how long everything took to be back.
// I1: the next fault waits until all is well again: two at a time are more than three controllers promise to bear.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { randomBelow } from '../../test/faults/killing.ts';
import { waitFor } from '../../test/harness/wait.ts';
import type { BenchContext } from '../bench.ts';
import type { Ground } from './ground.ts';
import type { Hit, Probes } from './probes.ts';

type DatabaseFault = 'database' | 'database-freeze' | 'database-cut';

export type FaultKind = 'kill' | 'freeze' | 'cut' | 'silence' | DatabaseFault;

/** How long it took, in ms, until what was begun after the fault worked again; the database's from when the standby took writes. */
export interface Recovery {
  readonly kind: FaultKind;
  readonly agentsMs: number;
  /** Of those that were hit (probes.ts I3); undefined: none was. */
  readonly writesMs: number | undefined;
  readonly watchesMs: number | undefined;
  readonly writesHit: number;
  readonly watchesHit: number;
  /** From the fault of the database's server to the promotion of the other. */
  readonly promotionMs: number;
}

export const isOfDatabase = (kind: FaultKind): kind is DatabaseFault => kind.startsWith('database');

export interface FaultsDeps {
  readonly context: BenchContext;
  readonly ground: Ground;
  readonly probes: Probes;
  readonly agents: number;
  /** How long a controller or the database is frozen or cut off, and the old database then is there beside the new one. */
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

interface Away {
  readonly without: string;
  readonly sinceMs: number;
}

/** Agents that are connected to a controller other than the one, or have come to it since. */
const countAgents = async (ground: Ground, { without, sinceMs }: Away): Promise<number> => {
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
  kind: FaultKind,
  away: () => Away,
): Promise<number> => {
  await waitFor(
    `all agents to be back after a ${kind}`,
    async () => (await countAgents(ground, away())) >= agents,
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
  readonly hit: Hit;
  readonly at: number;
  readonly atMs: number;
  readonly promotionMs: number;
  /** Undoes it, and what else must be for the next one. */
  readonly heal: () => Promise<unknown>;
}

/** What was frozen or cut off comes back beside the one that replaced it, both taking writes, until it is made its standby. */
const strikeDatabase = async (
  { ground, probes, lastsMs }: FaultsDeps,
  kind: DatabaseFault,
): Promise<Struck> => {
  const { pair } = ground;
  const { port } = pair.server;
  const [atMs, hit, lasting] = [Date.now(), probes.hitBy(undefined), delay(lastsMs)];
  const how = randomBelow(2) === 0 ? 'refuses' : 'swallows';
  if (kind === 'database-cut') ground.cutDatabase(port, how);
  const strikes = { database: 'killed', 'database-freeze': 'frozen', 'database-cut': 'left' } as const;
  const { struckAt, promotedAt } = await pair.failOver(strikes[kind]);
  const heal = async (): Promise<void> => {
    if (pair.replaced !== undefined) {
      await lasting;
      pair.replaced.thaw();
      ground.cutDatabase(port, undefined);
      await delay(lastsMs);
    }
    await pair.follow();
  };
  return { victim: '', hit, at: promotedAt, atMs, promotionMs: promotedAt - struckAt, heal };
};

const strike = async (deps: FaultsDeps, kind: FaultKind): Promise<Struck> => {
  if (isOfDatabase(kind)) return strikeDatabase(deps, kind);
  const { ground, probes, lastsMs } = deps;
  const index = await pickVictim(ground);
  const victim = ground.controllers[index];
  if (victim === undefined) throw new Error('there is no controller to strike');
  const hit = probes.hitBy(index);
  const struck = { victim: ground.idOf(index), hit, at: performance.now(), atMs: Date.now(), promotionMs: 0 };
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
  const { victim, hit, at, atMs, promotionMs, heal } = await strike(deps, kind);
  const all = deps.probes.hitBy(undefined);
  const look = (of: (from: number) => number | undefined, what: string): Promise<number> =>
    waitFor(`${what} to be back after a ${kind}`, () => of(at), patienceMs);
  // Whoever had the patience to stay is where it was, once that one goes on: its connection was never cut.
  const canStay = isOfDatabase(kind) || kind === 'freeze' || kind === 'silence';
  let isHealed = isOfDatabase(kind);
  const healing = heal().then(() => {
    isHealed = true;
  });
  const away = (): Away =>
    canStay && isHealed ? { without: '', sinceMs: 0 } : { without: victim, sinceMs: atMs };
  const [, agentsAt] = await Promise.all([
    healing,
    agentsBackAt(deps, kind, away),
    look(all.writesBackAt, 'writes'),
    look(all.watchesBackAt, 'watches'),
  ]);
  const since = (count: number, backAt: number | undefined): number | undefined =>
    count === 0 || backAt === undefined ? undefined : backAt - at;
  return {
    ...{ kind, promotionMs, agentsMs: agentsAt - at, writesHit: hit.writes, watchesHit: hit.watches },
    writesMs: since(hit.writes, hit.writesBackAt(at)),
    watchesMs: since(hit.watches, hit.watchesBackAt(at)),
  };
};

const tell = (ms: number | undefined): string => (ms === undefined ? 'not hit' : `${Math.round(ms)} ms`);

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
    const [agents, writes, watches] = [one.agentsMs, one.writesMs, one.watchesMs].map(tell);
    say(`${kind}: agents back after ${agents}, writes ${writes}, watches ${watches}`);
  }
  await settle(deps);
};
