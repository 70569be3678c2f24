// Owns the benchmark of scale: 10,000 emulated agents at two controllers on one PostgreSQL, and what is reckoned from it for more.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../test/harness/wait.ts';
import { measureLists } from '../api-load/lists.ts';
import { type Bench, type BenchContext, round, timed } from '../bench.ts';
import { memoryMib } from '../process-figures.ts';
import { type Calm, cpuOf, untilCalm } from './cpu.ts';
import { addAgents, connected, enrol, type Ground, openGround } from './ground.ts';
import { measureReconnect } from './reconnect.ts';
import { measureRuns } from './runs.ts';
import { lineThrough, type Point } from './slope.ts';

interface Size {
  /** Agents connected, one stage after the other. */
  readonly stages: readonly number[];
  readonly idleSeconds: number;
  /** See untilCalm. */
  readonly calm: Calm;
  readonly runs: number;
  /** Of the run that goes on while a controller is killed. */
  readonly sleepSeconds: number;
  /** For which memory and CPU are reckoned. */
  readonly reckonedFor: number;
}

const full: Size = {
  ...{ stages: [1_000, 2_500, 5_000, 10_000], idleSeconds: 20, runs: 3, sleepSeconds: 15 },
  calm: { sampleSeconds: 20, atMostSeconds: 240 },
  reckonedFor: 50_000,
};
const quick: Size = {
  ...{ stages: [250, 500], idleSeconds: 3, runs: 1, sleepSeconds: 4 },
  calm: { sampleSeconds: 1, atMostSeconds: 4 },
  reckonedFor: 50_000,
};

const connectMs = 900_000;

const connectUpTo = async (ground: Ground, from: number, to: number): Promise<void> => {
  const { context } = ground;
  context.say(`${to} agents: certificates and nodes`);
  const identities = await enrol(ground, from, to);
  context.say(`${to} agents: connections`);
  const cpu = await cpuOf(ground, async () => {
    const ms = await timed(async () => {
      addAgents(ground, identities);
      await waitFor(`${to} agents to connect`, () => connected(ground) >= to, connectMs);
    });
    context.figure(`at${to}.connectSeconds`, round(ms / 1000, 2));
    context.figure(`at${to}.connectsPerSecond`, round(((to - from) * 1000) / ms, 0));
  });
  const perAgentMs = (seconds: number): number => round((seconds * 1000) / (to - from), 2);
  context.figure(`at${to}.connectControllersCpuMsPerAgent`, perAgentMs(cpu.first + cpu.second));
  context.figure(`at${to}.connectDatabaseCpuMsPerAgent`, perAgentMs(cpu.database));
  context.figure(`at${to}.connectEmulatorsCpuMsPerAgent`, perAgentMs(cpu.emulators));
};

interface Idle {
  readonly memory: Point;
  readonly controllerCpu: Point;
  readonly databaseCpu: Point;
}

/** One controller has half of the agents. What connecting has left to do is waited for, and not counted. */
const measureIdle = async (
  ground: Ground,
  agents: number,
  { idleSeconds: seconds, calm }: Size,
): Promise<Idle> => {
  const { context, first, second } = ground;
  const calmed = await untilCalm(ground, calm);
  context.figure(`at${agents}.calmAfterSeconds`, round(calmed.seconds, 0));
  context.figure(`at${agents}.isCalm`, calmed.isCalm);
  const cpu = await cpuOf(ground, () => delay(seconds * 1000, undefined, { signal: context.signal }));
  const percent = (used: number): number => (used / seconds) * 100;
  const [leader, other] = [await memoryMib(first.pid), await memoryMib(second.pid)];
  context.figure(`at${agents}.leaderMib`, round(leader.now));
  context.figure(`at${agents}.otherMib`, round(other.now));
  context.figure(`at${agents}.idleLeaderCpuPercent`, round(percent(cpu.first), 2));
  context.figure(`at${agents}.idleOtherCpuPercent`, round(percent(cpu.second), 2));
  context.figure(`at${agents}.idleDatabaseCpuPercent`, round(percent(cpu.database), 2));
  context.figure(`at${agents}.idleEmulatorsCpuPercent`, round(percent(cpu.emulators), 2));
  return {
    memory: { agents, value: Math.max(leader.now, other.now) },
    controllerCpu: { agents, value: percent(Math.max(cpu.first, cpu.second)) },
    databaseCpu: { agents, value: percent(cpu.database) },
  };
};

/** What lies on the line through what was measured; the fleet counts all agents, of which a controller has half. */
const reckon = ({ figure }: BenchContext, idle: readonly Idle[], agents: number): void => {
  const tell = (name: string, of: keyof Idle): void => {
    const line = lineThrough(idle.map((one) => one[of]));
    figure(`slope.${name}Per1000Agents`, round(line.perThousand, 2));
    figure(`slope.${name}At0`, round(line.base, 2));
    figure(`extrapolatedFor${agents}.${name}`, round(line.at(agents), 0));
  };
  tell('controllerMib', 'memory');
  tell('idleControllerCpuPercent', 'controllerCpu');
  tell('idleDatabaseCpuPercent', 'databaseCpu');
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  const count = size.stages.at(-1) ?? 0;
  context.figure('store', 'postgres');
  context.figure('agents', count);
  context.figure('loadBefore', round(loadavg()[0] ?? 0));
  const ground = await openGround(context);
  const idle: Idle[] = [];
  let before = 0;
  for (const stage of size.stages) {
    await connectUpTo(ground, before, stage);
    idle.push(await measureIdle(ground, stage, size));
    before = stage;
  }
  // Through two points near each other a line says nothing.
  if (idle.length > 2) reckon(context, idle, size.reckonedFor);
  context.say('lists');
  await measureLists(context, ground.second.context, count);
  await measureRuns(ground, count, size.runs);
  await measureReconnect(ground, count, size.sleepSeconds);
  context.figure('loadAfter', round(loadavg()[0] ?? 0));
};

export const scale: Bench = {
  name: 'scale',
  explain:
    'Two controllers on one PostgreSQL and 10,000 emulated agents (two processes, real wire, real TLS, nothing executed; quick: 500), all on ' +
    'this machine: at 1,000, 2,500, 5,000 and 10,000 the time to connect, memory of each controller, CPU of controllers and database ' +
    'once all are idle (two samples agree), their slope, and what lies on it for 50,000; lists of all nodes; a run of `true` on all; and kill -9 of the controller that ' +
    'leads under a run: how long its agents are away, and whether anything is lost or done twice.',
  run,
};
