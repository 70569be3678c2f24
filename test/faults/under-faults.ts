// Owns one round of faults: controller, agents, servers and their network fail at random under a stream of work, and
// afterwards every run, task, line and acknowledged write is looked for. What runs it judges the verdict.
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createClient } from '@drover/client';
import { openApi } from '../../bench/api.ts';
import { readyNodes, startRealFleet } from '../../bench/real-fleet.ts';
import { gatewayAddress, missingForLab } from '../../lab/index.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';
import { type Killed, killAtRandom } from './killing.ts';
import { type LabGround, labLines, openLabGround, strikeAtRandom } from './lab-faults.ts';
import { startStream } from './promises.ts';
import { judge, type Verdict } from './verdict.ts';

export interface FaultSize {
  readonly kills: number;
  readonly agents: number;
  readonly labHosts: number;
  /** Power cuts, and as many partitions. */
  readonly strikes: number;
  /** Some partitions outlast the heartbeats. */
  readonly withLong: boolean;
  readonly pauseMs: number;
  readonly settleMs: number;
}

/** What the tests of every change take. */
export const smallFaults: FaultSize = {
  ...{ kills: 12, agents: 3, labHosts: 2, strikes: 2 },
  ...{ withLong: false, pauseMs: 150, settleMs: 60_000 },
};

export interface FaultContext {
  readonly signal: AbortSignal;
  /** Undone in reverse. */
  defer(undo: () => Promise<void> | void): void;
  say(text: string): void;
}

export interface Faulted {
  readonly verdict: Verdict;
  readonly killed: Killed;
  /** Why there were no power cuts and partitions; undefined: there were. */
  readonly missing: string | undefined;
  /** Writes of which nothing is known. */
  readonly broken: number;
}

type Ground = Pick<Parameters<typeof openLabGround>[0], 'controller' | 'client'>;

const openLab = async (context: FaultContext, count: number, ground: Ground) => {
  const missing = await missingForLab();
  if (missing === undefined)
    return { lab: await openLabGround({ ...ground, count }, context.defer), missing };
  context.say(`without power cuts and partitions: ${missing}`);
  return { lab: undefined, missing };
};

/** The same path here and on the lab hosts, so that one command fits all nodes. */
const openMarks = async ({ defer }: FaultContext) => {
  const file = `/var/tmp/drover-faults-${randomUUID()}`;
  await writeFile(file, '');
  defer(() => rm(file, { force: true }));
  const lines = async (lab: LabGround | undefined): Promise<readonly string[]> => [
    ...(await readFile(file, 'utf8')).split('\n').filter(Boolean),
    ...(lab ? await labLines(lab, file) : []),
  ];
  return { file, lines };
};

const openGround = async (context: FaultContext, size: FaultSize) => {
  const { defer, say } = context;
  const controller = await ControllerProcess.start({ args: ['--address', gatewayAddress] });
  defer(() => controller.close());
  const client = createClient(controller.context);
  defer(() => client.close());
  say(`starting ${size.agents} agents and ${size.labHosts} lab hosts`);
  const [agents, { lab, missing }] = await Promise.all([
    startRealFleet(context, controller, size.agents),
    openLab(context, size.labHosts, { controller, client }),
  ]);
  const nodes = [...agents.map(({ name }) => name), ...(lab?.hosts ?? [])];
  const api = openApi(controller.context);
  defer(() => api.close());
  await waitFor('all nodes to be Ready', async () => (await readyNodes(api)).length === nodes.length);
  return { controller, client, agents, lab, missing, nodes };
};

export const runUnderFaults = async (context: FaultContext, size: FaultSize): Promise<Faulted> => {
  const { signal, say } = context;
  const marks = await openMarks(context);
  const { controller, client, agents, lab, missing, nodes } = await openGround(context, size);
  say(`killing ${size.kills} times, cutting power and network ${lab ? size.strikes : 0} times each`);
  const stream = startStream({ client, marks, signal, pauseMs: size.pauseMs });
  const { strikes: each, withLong } = size;
  const [killed, switchedOff] = await Promise.all([
    killAtRandom({ controller, agents }, size.kills, signal),
    lab ? strikeAtRandom(lab, { each, withLong }, signal) : new Set<string>(),
  ]);
  const promises = await stream.end();
  say(`waiting for the end of ${promises.runs.size} runs`);
  const evidence = { promises, nodes, lines: () => marks.lines(lab), switchedOff };
  const verdict = await judge(client, evidence, size.settleMs);
  return { verdict, killed, missing, broken: promises.broken };
};
