// Owns the benchmark of faults: controller, agents, servers and their network fail at random under a stream of work,
// and afterwards every run, task, line and acknowledged write is looked for.
import { type FaultSize, runUnderFaults, smallFaults } from '../test/faults/under-faults.ts';
import type { Verdict } from '../test/faults/verdict.ts';
import type { Bench, BenchContext } from './bench.ts';

const full: FaultSize = {
  ...{ kills: 100, agents: 6, labHosts: 3, strikes: 20 },
  ...{ withLong: true, pauseMs: 250, settleMs: 300_000 },
};

const record = ({ figure, say }: BenchContext, verdict: Verdict): void => {
  figure('runs', verdict.runs);
  figure('tasks', verdict.tasks);
  figure('tasksExpected', verdict.expectedTasks);
  figure('succeeded', verdict.succeeded);
  figure('endedByPower', verdict.endedByPower);
  figure('neverStarted', verdict.neverStarted);
  figure('lost', verdict.lost.length + verdict.expectedTasks - verdict.tasks);
  figure('duplicated', verdict.duplicated.length);
  figure('unknown', verdict.unknown.length);
  figure('writesAcknowledged', verdict.writesAcknowledged);
  figure('writesMissing', verdict.writesMissing.length);
  for (const task of verdict.lost.slice(0, 5)) say(`lost: ${JSON.stringify(task)}`);
  for (const id of [...verdict.duplicated, ...verdict.unknown].slice(0, 5))
    say(`more than once, or unknown: ${id}`);
  for (const name of verdict.writesMissing.slice(0, 5)) say(`missing: ${name}`);
};

const run = async (context: BenchContext): Promise<void> => {
  const { figure, quick } = context;
  const size = quick ? smallFaults : full;
  const { verdict, killed, missing, broken } = await runUnderFaults(context, size);
  if (missing !== undefined) figure('missing', missing);
  figure('kills', killed.controller + killed.agents);
  figure('killsOfController', killed.controller);
  figure('powerCuts', missing === undefined ? size.strikes : 0);
  figure('partitions', missing === undefined ? size.strikes : 0);
  figure('writesBroken', broken);
  record(context, verdict);
};

export const faults: Bench = {
  name: 'faults',
  explain:
    'SIGKILLs the controller or one of 6 real agents 100 times at random moments, and cuts the power and the network of 3 ' +
    'lab hosts 20 times each meanwhile (quick: 12 and 2), under a stream of runs whose tasks each append their id to a ' +
    'file of their node, and of other API writes. Goal: every task ends with what really happened (lost 0), no id ' +
    'appears twice (duplicated 0), every acknowledged write is there (writesMissing 0). Tasks under way on a server that ' +
    'lost its power rightly end as "lost": endedByPower.',
  run,
};
