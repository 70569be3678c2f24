// Owns the benchmark of faults: controller, agents, servers and their network fail at random under a stream of work,
// and afterwards every run, task, line and acknowledged write is looked for.
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createClient } from '@drover/client';
import { gatewayAddress, missingForLab } from '../lab/index.ts';
import { killAtRandom } from '../test/faults/killing.ts';
import { type LabGround, labLines, openLabGround, strikeAtRandom } from '../test/faults/lab-faults.ts';
import { startStream } from '../test/faults/promises.ts';
import { judge, type Verdict } from '../test/faults/verdict.ts';
import { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { openApi } from './api.ts';
import type { Bench, BenchContext } from './bench.ts';
import { readyNodes, startRealFleet } from './real-fleet.ts';

interface Size {
  readonly kills: number;
  readonly agents: number;
  readonly labHosts: number;
  /** Power cuts, and as many partitions. */
  readonly strikes: number;
  readonly pauseMs: number;
  readonly settleMs: number;
}

const full: Size = { kills: 100, agents: 6, labHosts: 3, strikes: 20, pauseMs: 250, settleMs: 300_000 };
const small: Size = { kills: 12, agents: 3, labHosts: 2, strikes: 2, pauseMs: 150, settleMs: 30_000 };

const labOf = async (
  { say, figure, defer }: BenchContext,
  size: Size,
  ground: Pick<Parameters<typeof openLabGround>[0], 'controller' | 'client'>,
): Promise<LabGround | undefined> => {
  const missing = await missingForLab();
  if (missing === undefined) return openLabGround({ ...ground, count: size.labHosts }, defer);
  say(`without power cuts and partitions: ${missing}`);
  figure('missing', missing);
  return undefined;
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
  const { signal, defer, figure, say } = context;
  const size = context.quick ? small : full;
  const controller = await ControllerProcess.start({ args: ['--address', gatewayAddress] });
  defer(() => controller.close());
  const client = createClient(controller.context);
  defer(() => client.close());
  const api = openApi(controller.context);
  defer(() => api.close());
  // The same path here and on the lab hosts, so that one command fits all nodes.
  const marks = { file: `/var/tmp/drover-faults-${randomUUID()}` };
  await writeFile(marks.file, '');
  defer(() => rm(marks.file, { force: true }));
  say(`starting ${size.agents} agents and ${size.labHosts} lab hosts`);
  const [agents, lab] = await Promise.all([
    startRealFleet(context, controller, size.agents),
    labOf(context, size, { controller, client }),
  ]);
  const nodes = [...agents.map((agent) => agent.name), ...(lab?.hosts ?? [])];
  await waitFor('all nodes to be Ready', async () => (await readyNodes(api)).length === nodes.length);

  say(`killing ${size.kills} times, cutting power and network ${size.strikes} times each`);
  const stream = startStream({ client, marks, signal, pauseMs: size.pauseMs });
  const [killed, switchedOff] = await Promise.all([
    killAtRandom({ controller, agents }, size.kills, signal),
    lab ? strikeAtRandom(lab, { each: size.strikes, withLong: !context.quick }, signal) : new Set<string>(),
  ]);
  figure('kills', killed.controller + killed.agents);
  figure('killsOfController', killed.controller);
  figure('powerCuts', lab ? size.strikes : 0);
  figure('partitions', lab ? size.strikes : 0);
  const promises = await stream.end();
  figure('writesBroken', promises.broken);

  say(`waiting for the end of ${promises.runs.size} runs`);
  const lines = async (): Promise<readonly string[]> => [
    ...(await readFile(marks.file, 'utf8')).split('\n').filter(Boolean),
    ...(lab ? await labLines(lab, marks.file) : []),
  ];
  record(context, await judge(client, { promises, nodes, lines, switchedOff }, size.settleMs));
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
