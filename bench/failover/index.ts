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
import { type FaultKind, type Recovery, strikeAll } from './faults.ts';
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
  faults: { kill: 9, freeze: 7, cut: 5, silence: 5, database: 4 },
  ...{ lastsMs: 10_000, calmMs: 2_000, pauseMs: 4_000, settleMs: 300_000 },
};
const small: Size = {
  agents: 4,
  faults: { kill: 2, freeze: 1, cut: 1, silence: 1, database: 1 },
  ...{ lastsMs: 3_000, calmMs: 500, pauseMs: 300, settleMs: 30_000 },
};

const probeCount = 3;

const shuffled = ({ faults }: Size): readonly FaultKind[] =>
  (Object.keys(faults) as FaultKind[]) // its own keys
    .flatMap((kind) => Array.from({ length: faults[kind] }, () => ({ kind, at: Math.random() })))
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);

const recordTimes = ({ figure }: BenchContext, recoveries: readonly Recovery[]): void => {
  const record = (name: string, times: readonly number[]): void => {
    if (times.length === 0) return;
    figure(`${name}MedianMs`, round(median(times), 0));
    figure(`${name}WorstMs`, round(Math.max(...times), 0));
  };
  figure('faults', recoveries.length);
  const ofDatabase = recoveries.filter(({ kind }) => kind === 'database');
  const ofControllers = recoveries.filter(({ kind }) => kind !== 'database');
  record(
    'agentsBack',
    ofControllers.map(({ agentsMs }) => agentsMs),
  );
  record(
    'writesBack',
    ofControllers.map(({ writesMs }) => writesMs),
  );
  record(
    'watchesBack',
    ofControllers.map(({ watchesMs }) => watchesMs),
  );
  record(
    'databasePromoted',
    ofDatabase.map(({ promotionMs }) => promotionMs),
  );
  record(
    'databaseWritesBack',
    ofDatabase.map(({ writesMs }) => writesMs),
  );
  record(
    'databaseWatchesBack',
    ofDatabase.map(({ watchesMs }) => watchesMs),
  );
};

const recordVerdict = ({ figure, say }: BenchContext, verdict: Verdict, probes: ProbesVerdict): void => {
  figure('runs', verdict.runs);
  figure('tasks', verdict.tasks);
  figure('tasksSucceeded', verdict.succeeded);
  figure('writesAcknowledged', verdict.writesAcknowledged + probes.acknowledged);
  figure('writesBroken', probes.broken);
  figure('tasksLost', verdict.lost.length + verdict.expectedTasks - verdict.tasks);
  figure('tasksDoubled', verdict.duplicated.length);
  figure('tasksUnknown', verdict.unknown.length);
  figure('writesLost', verdict.writesMissing.length + probes.lost.length);
  figure('watchEventsMissing', probes.unseen);
  figure('watchEventsDoubled', probes.repeated);
  for (const task of verdict.lost.slice(0, 5)) say(`lost: ${JSON.stringify(task)}`);
  for (const id of [...verdict.duplicated, ...verdict.unknown].slice(0, 5))
    say(`more than once, or unknown: ${id}`);
  for (const name of [...verdict.writesMissing, ...probes.lost].slice(0, 5)) say(`missing: ${name}`);
};

const run = async (context: BenchContext): Promise<void> => {
  const { signal, defer, figure, say } = context;
  const size = context.quick ? small : full;
  figure('store', 'postgres');
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
  const probes = await startProbes(ground.endpoint, client, probeCount);
  const stream = startStream({ client, marks, signal, pauseMs: size.pauseMs });
  const onRecovery = (recoveries: readonly Recovery[]): void => recordTimes(context, recoveries);
  await strikeAll({ ...size, context, ground, probes, agents: agents.length, onRecovery }, kinds);

  const promises = await stream.end();
  const probed = await probes.end(client);
  say(`waiting for the end of ${promises.runs.size} runs`);
  const lines = async (): Promise<readonly string[]> =>
    (await readFile(marks.file, 'utf8')).split('\n').filter(Boolean);
  const nodes = agents.map(({ name }) => name);
  const evidence = { promises, nodes, lines, switchedOff: new Set<string>() };
  recordVerdict(context, await judge(client, evidence, size.settleMs), probed);
};

export const failover: Bench = {
  name: 'failover',
  explain:
    'Three controllers on a pair of PostgreSQL servers (the standby is waited for by every commit), 200 real agents, a stream of ' +
    'runs and of API writes, three writers and three watches through a load balancer: 30 faults at random moments (quick: 4 agents, 6 faults): SIGKILL of a ' +
    'controller, SIGSTOP for 10 s, its network refusing or swallowing everything for 10 s, SIGKILL of the database with the ' +
    'promotion of its standby. Until agents, writes and watches are back; of the database from the promotion on. Goals: nothing ' +
    'lost, nothing doubled; 3 s in the median, 10 s at worst.',
  run,
};
