// Owns the death of the controller that leads, under a run on the whole fleet: how long its agents are away, and what became of the run.
import { createClient } from '@drover/client';
import { waitFor } from '../../test/harness/wait.ts';
import { quantile } from '../api-load/load.ts';
import { round, timed } from '../bench.ts';
import { cpuOf } from './cpu.ts';
import { connected, type Ground } from './ground.ts';
import { beginRun, isOver, statusOnce, tasksOf } from './runs.ts';

const backMs = 900_000;

const startsOf = async ({ fleets }: Ground) => {
  const starts = await Promise.all(fleets.map((fleet) => fleet.starts()));
  const sum = (of: (one: (typeof starts)[number]) => number) => starts.reduce((all, one) => all + of(one), 0);
  return { started: sum(({ started }) => started), again: sum(({ startedAgain }) => startedAgain) };
};

export const measureReconnect = async (ground: Ground, agents: number, seconds: number): Promise<void> => {
  const { context, first, second, fleets } = ground;
  const client = createClient(second.context);
  const before = await startsOf(ground);
  context.say('kill -9 of the controller that leads, under a run');
  const run = await beginRun(client, ['sleep', String(seconds)]);
  await statusOnce(
    ground,
    client,
    run,
    ({ running = 0, succeeded = 0 }) => running + succeeded >= agents / 2,
  );
  for (const fleet of fleets) fleet.takeAwayMs();
  let allMs = 0;
  const cpu = await cpuOf(ground, async () => {
    const gone = fleets[0].connected();
    await first.kill9();
    allMs = await timed(async () => {
      await waitFor('the agents to be cut off', () => connected(ground) <= agents - gone / 2, backMs);
      await waitFor('all agents to be back', () => connected(ground) >= agents, backMs);
    });
  });
  const awayMs = fleets.flatMap((fleet) => fleet.takeAwayMs()).sort((a, b) => a - b);
  context.figure('reconnect.agents', awayMs.length);
  context.figure('reconnect.medianSeconds', round(quantile(awayMs, 0.5) / 1000, 2));
  context.figure('reconnect.p99Seconds', round(quantile(awayMs, 0.99) / 1000, 2));
  context.figure('reconnect.worstSeconds', round((awayMs.at(-1) ?? 0) / 1000, 2));
  context.figure('reconnect.allSeconds', round(allMs / 1000, 2));
  context.figure('reconnect.controllerCpuSeconds', round(cpu.second, 2));
  context.figure('reconnect.databaseCpuSeconds', round(cpu.database, 2));
  context.figure('reconnect.emulatorsCpuSeconds', round(cpu.emulators, 2));
  const perAgentMs = (cpu.second * 1000) / awayMs.length;
  context.figure('reconnect.controllerCpuMsPerAgent', round(perAgentMs, 2));
  await statusOnce(ground, client, run, isOver);
  const tasks = await tasksOf(client, run);
  const { started, again } = await startsOf(ground);
  const succeeded = tasks.filter(({ state, result }) => state === 'exited' && result?.exitCode === 0).length;
  context.figure('reconnect.tasks', tasks.length);
  context.figure('reconnect.tasksSucceeded', succeeded);
  context.figure('reconnect.tasksLost', agents - succeeded);
  context.figure('reconnect.tasksStartedTwice', again + Math.max(0, started - before.started - agents));
};
