// Owns the benchmark of failing over: controllers and the database's server are killed, frozen and cut off under work, and it is
// measured when everything is back, and looked for whether anything was lost or done twice.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@drover/client';
import { startStream } from '../../test/faults/promises.ts';
import { judge, type Verdict } from '../../test/faults/verdict.ts';
import { type Bench, type BenchContext, median, round } from '../bench.ts';
import { startRealFleet } from '../real-fleet.ts';
import { type FaultKind, isOfDatabase, type Recovery, strikeAll } from './faults.ts';
import { type Goal, missedGoals } from './goals.ts';
import { openGround } from './ground.ts';
import { type ProbesVerdict, startProbes } from './probes.ts';

interface Size {
  readonly agents: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly lastsMs: number;
  readonly calmMs: number;
  readonly pauseMs: number;
  readonly settleMs: number;
}

const full: Size = {
  agents: 200,
  faults: { kill: 8, freeze: 6, cut: 4, silence: 4, database: 3, 'database-freeze': 3, 'database-cut': 2 },
  ...{ lastsMs: 10_000, calmMs: 2_000, pauseMs: 4_000, settleMs: 300_000 },
};
/** What the tests of every change take. */
export const smallFailover: Size = {
  agents: 4,
  faults: { kill: 1, freeze: 1, cut: 1, silence: 0, database: 0, 'database-freeze': 1, 'database-cut': 0 },
  ...{ lastsMs: 3_000, calmMs: 500, pauseMs: 300, settleMs: 30_000 },
};

const probeCount = 3;
const medianGoalMs = 3_000;
const worstGoalMs = 10_000;

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

const shuffled = ({ faults }: Size): readonly FaultKind[] =>
  (Object.keys(faults) as FaultKind[]) // its own keys
    .flatMap((kind) => Array.from({ length: faults[kind] }, () => ({ kind, at: Math.random() })))
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);

/** Median and worst, and the goals for them where there are any. */
const recordTimes = ({ figure }: BenchContext, recoveries: readonly Recovery[]): readonly Goal[] => {
  const goals: Goal[] = [];
  const record = (name: string, times: readonly (number | undefined)[], isGoal = false): void => {
    const known = times.filter((ms) => ms !== undefined);
    if (known.length === 0) return;
    const [middle, worst] = [round(median(known), 0), round(Math.max(...known), 0)];
    figure(`${name}MedianMs`, middle);
    figure(`${name}WorstMs`, worst);
    if (!isGoal) return;
    goals.push({ name: `${name}MedianMs`, value: middle, atMost: medianGoalMs });
    goals.push({ name: `${name}WorstMs`, value: worst, atMost: worstGoalMs });
  };
  const ofDatabase = recoveries.filter(({ kind }) => isOfDatabase(kind));
  const ofControllers = recoveries.filter(({ kind }) => !isOfDatabase(kind));
  const each = <T>(of: (one: Recovery) => T): readonly T[] => ofControllers.map(of);
  const eachDatabase = <T>(of: (one: Recovery) => T): readonly T[] => ofDatabase.map(of);
  figure('faults', recoveries.length);
  const agentsMs = each((one) => one.agentsMs);
  const writesMs = each((one) => one.writesMs);
  const watchesMs = each((one) => one.watchesMs);
  figure('writesHit', sum(each((one) => one.writesHit)));
  figure('watchesHit', sum(each((one) => one.watchesHit)));
  record('agentsBack', agentsMs, true);
  record('writesBack', writesMs, true);
  record('watchesBack', watchesMs, true);
  const promotionMs = eachDatabase((one) => one.promotionMs);
  const databaseWritesMs = eachDatabase((one) => one.writesMs);
  const databaseWatchesMs = eachDatabase((one) => one.watchesMs);
  record('databasePromoted', promotionMs);
  record('databaseWritesBack', databaseWritesMs);
  record('databaseWatchesBack', databaseWatchesMs);
  return goals;
};

/** Each of it must be 0. */
export const toWrongs = (verdict: Verdict, probes: ProbesVerdict): Readonly<Record<string, number>> => ({
  tasksLost: verdict.lost.length + Math.max(0, verdict.expectedTasks - verdict.tasks),
  tasksDoubled: verdict.duplicated.length + Math.max(0, verdict.tasks - verdict.expectedTasks),
  tasksUnknown: verdict.unknown.length,
  writesLost: verdict.writesMissing.length + probes.lost.length,
  watchEventsMissing: probes.unseen,
  watchEventsDoubled: probes.repeated,
});

const recordVerdict = (
  { figure, say }: BenchContext,
  verdict: Verdict,
  probes: ProbesVerdict,
): readonly Goal[] => {
  figure('runs', verdict.runs);
  figure('tasks', verdict.tasks);
  figure('tasksSucceeded', verdict.succeeded);
  figure('writesAcknowledged', verdict.writesAcknowledged + probes.acknowledged);
  figure('writesBroken', probes.broken);
  figure('watchRelists', probes.relists);
  const wrongs = toWrongs(verdict, probes);
  for (const [name, value] of Object.entries(wrongs)) figure(name, value);
  for (const task of verdict.lost.slice(0, 5)) say(`lost: ${JSON.stringify(task)}`);
  for (const id of [...verdict.duplicated, ...verdict.unknown].slice(0, 5))
    say(`more than once, or unknown: ${id}`);
  for (const name of [...verdict.writesMissing, ...probes.lost].slice(0, 5)) say(`missing: ${name}`);
  return Object.entries(wrongs).map(([name, value]) => ({ name, value, atMost: 0 }));
};

/** What has come of it, all of it recorded. */
interface Outcome {
  readonly verdict: Verdict;
  readonly probes: ProbesVerdict;
  /** Of all faults. */
  readonly times: readonly Goal[];
}

/** All the faults of that size, under work. */
export const strikeUnderWork = async (context: BenchContext, size: Size): Promise<Outcome> => {
  const { signal, defer, figure, say } = context;
  const ground = await openGround(context, (dir) => readFileSync(join(dir, 'controller-id'), 'utf8').trim());
  const client = createClient(ground.endpoint);
  defer(() => client.close());
  const marks = { file: `/var/tmp/drover-failover-${randomUUID()}` };
  await writeFile(marks.file, '');
  defer(() => rm(marks.file, { force: true }));
  say(`starting ${size.agents} agents`);
  const agents = await startRealFleet(context, ground.seen, size.agents);
  figure('agents', agents.length);

  const kinds = shuffled(size);
  const probes = await startProbes({ openWay: ground.openWay, by: client, count: probeCount });
  const stream = startStream({ client, marks, signal, pauseMs: size.pauseMs });
  // When it fails on the way nothing of it goes on.
  defer(() => probes.close());
  defer(async () => void (await stream.end()));
  let times: readonly Goal[] = [];
  const onRecovery = (recoveries: readonly Recovery[]): void => {
    times = recordTimes(context, recoveries);
  };
  await strikeAll({ ...size, context, ground, probes, agents: agents.length, onRecovery }, kinds);

  const promises = await stream.end();
  const probed = await probes.end(client);
  say(`waiting for the end of ${promises.runs.size} runs`);
  const lines = async (): Promise<readonly string[]> =>
    (await readFile(marks.file, 'utf8')).split('\n').filter(Boolean);
  const nodes = agents.map(({ name }) => name);
  const evidence = { promises, nodes, lines, switchedOff: new Set<string>() };
  return { verdict: await judge(client, evidence, size.settleMs), probes: probed, times };
};

const run = async (context: BenchContext): Promise<void> => {
  context.figure('store', 'postgres');
  const { verdict, probes, times } = await strikeUnderWork(context, context.quick ? smallFailover : full);
  const missed = missedGoals([...recordVerdict(context, verdict, probes), ...times]);
  if (missed.length > 0) throw new Error(`goals missed: ${missed.join(', ')}`);
};

export const failover: Bench = {
  name: 'failover',
  explain:
    'Three controllers on a pair of PostgreSQL servers (the standby is waited for by every commit), 200 real agents, a stream of ' +
    'runs and of API writes, three writers and three watches through a load balancer: 30 faults at random moments (quick: 4 agents, 4 faults): SIGKILL of a ' +
    'controller, SIGSTOP for 10 s, its network refusing or swallowing everything for 10 s; SIGKILL or SIGSTOP of the database, or the way to ' +
    'it cut, with the promotion of its standby: what was not killed comes back and takes writes beside the new one. Until agents, writes and ' +
    'watches are back (of those that the struck controller held); of the database from the promotion on. Goals, or it fails: nothing ' +
    'lost, nothing doubled, no event missing; after faults of controllers 3 s in the median, 10 s at worst.',
  run,
};
