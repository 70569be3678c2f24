// Owns runs over the whole fleet: how long until all have succeeded, how long until a task has, and what that takes of processors.
import { setTimeout as delay } from 'node:timers/promises';
import type { Task } from '@drover/api';
import { type Client, commandRuns, createClient, type WorkReference } from '@drover/client';
import { quantile } from '../api-load/load.ts';
import { median, round } from '../bench.ts';
import { type Cpu, cpuOf } from './cpu.ts';
import type { Ground } from './ground.ts';

const lookMs = 25;
/** No run takes as long, and none may go on without an end. */
const longestMs = 900_000;

export const beginRun = async (client: Client, argv: readonly string[]): Promise<WorkReference> => {
  const spec = { argv: [...argv], targets: { nodeSet: 'e*' } };
  const { metadata } = await client.create(commandRuns, { metadata: { generateName: 'scale-' }, spec });
  return { kind: commandRuns, name: metadata.name ?? '' };
};

/** The counts of the run's status, once `isSo`. @throws Error when that takes too long, with how far it was. */
export const statusOnce = async (
  { context: { signal } }: Ground,
  client: Client,
  { name }: WorkReference,
  isSo: (counts: Readonly<Record<string, number>>, phase: string) => boolean,
): Promise<Readonly<Record<string, number>>> => {
  const until = performance.now() + longestMs;
  for (;;) {
    signal.throwIfAborted();
    const { status } = await client.get(commandRuns, name);
    const counts = { ...status?.counts };
    if (isSo(counts, status?.phase ?? '')) return counts;
    if (performance.now() > until)
      throw new Error(
        `run ${name} is ${status?.phase ?? 'not begun'} after ${longestMs / 1000} s: ${JSON.stringify(counts)}`,
      );
    await delay(lookMs);
  }
};

const ends = ['Succeeded', 'Failed', 'Cancelled'];

export const isOver = (_: unknown, phase: string): boolean => ends.includes(phase);

export const tasksOf = async (client: Client, run: WorkReference): Promise<readonly Task[]> => {
  const tasks: Task[] = [];
  for await (const task of client.allResults(run)) tasks.push(task);
  return tasks;
};

interface Measured {
  readonly ms: number;
  readonly taskMs: readonly number[];
  readonly cpu: Cpu;
}

const runOnce = async (ground: Ground, client: Client, agents: number): Promise<Measured> => {
  let run: WorkReference | undefined;
  let ms = 0;
  const begunAtMs = Date.now();
  const cpu = await cpuOf(ground, async () => {
    run = await beginRun(client, ['true']);
    const { succeeded } = await statusOnce(ground, client, run, isOver);
    ms = Date.now() - begunAtMs;
    if (succeeded !== agents) throw new Error(`a run succeeded on ${succeeded} of ${agents} nodes`);
  });
  const tasks = run === undefined ? [] : await tasksOf(client, run);
  return { ms, cpu, taskMs: tasks.map(({ finishedAtMs }) => finishedAtMs - begunAtMs).sort((a, b) => a - b) };
};

/** `true` on every node, through the controller that does not lead. */
export const measureRuns = async (ground: Ground, agents: number, count: number): Promise<void> => {
  const { context } = ground;
  context.say(`${count} runs on ${agents} agents`);
  const client = createClient(ground.second.context);
  const runs: Measured[] = [];
  for (let turn = 0; turn < count; turn++) runs.push(await runOnce(ground, client, agents));
  const middle = (of: (one: Measured) => number): number => median(runs.map(of));
  const cpu = (of: keyof Cpu): number => middle((one) => one.cpu[of]);
  context.figure('run.seconds', round(middle(({ ms }) => ms) / 1000, 2));
  context.figure('run.worstSeconds', round(Math.max(...runs.map(({ ms }) => ms)) / 1000, 2));
  context.figure(
    'run.taskP50Ms',
    round(
      middle(({ taskMs }) => quantile(taskMs, 0.5)),
      0,
    ),
  );
  context.figure(
    'run.taskP99Ms',
    round(
      middle(({ taskMs }) => quantile(taskMs, 0.99)),
      0,
    ),
  );
  context.figure('run.leaderCpuSeconds', round(cpu('first'), 2));
  context.figure('run.otherCpuSeconds', round(cpu('second'), 2));
  context.figure('run.busiestMainThreadCpuSeconds', round(cpu('mainThread'), 2));
  context.figure('run.databaseCpuSeconds', round(cpu('database'), 2));
  context.figure('run.emulatorsCpuSeconds', round(cpu('emulators'), 2));
  // Each process on a processor of its own waits for none but the busiest: its thread, or the database, whose writers take turns.
  const least = Math.max(cpu('mainThread'), cpu('database'));
  context.figure('extrapolatedRunSecondsWithCoresEnough', round(least, 2));
};
