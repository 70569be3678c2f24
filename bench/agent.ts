// Owns the benchmark of the agent itself: what it costs a server that does nothing.
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { agentFile, ControllerProcess } from '../test/harness/controller.ts';
import { type Bench, type BenchContext, round } from './bench.ts';
import { runTool } from './peers/tool.ts';
import { cpuSeconds, memoryMib } from './process-figures.ts';
import { findPythons } from './pythons.ts';
import { startRealFleet } from './real-fleet.ts';

/** Versions of the interpreters of this machine under which the agent says its version. */
const runsUnder = async (): Promise<readonly string[]> => {
  const passed: string[] = [];
  for (const [version, python] of await findPythons()) {
    await runTool(python, [agentFile, 'version']);
    passed.push(version);
  }
  return passed;
};

const run = async (context: BenchContext): Promise<void> => {
  const seconds = context.quick ? 15 : 60;
  context.figure('fileKib', round((await stat(agentFile)).size / 1024));
  context.figure('interpreters', (await runsUnder()).join(' '));
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  const [agent] = await startRealFleet(context, controller, 1);
  if (!agent) throw new Error('no agent was started');
  // What starting costs is not what idling costs.
  await delay(3000, undefined, { signal: context.signal });
  const before = await cpuSeconds(agent.pid);
  await delay(seconds * 1000, undefined, { signal: context.signal });
  const used = (await cpuSeconds(agent.pid)) - before;
  context.figure('idleSeconds', seconds);
  context.figure('idleCpuMsPerMinute', round((used * 60_000) / seconds));
  const memory = await memoryMib(agent.pid);
  context.figure('idleRssMib', round(memory.now));
  context.figure('peakRssMib', round(memory.peak));
};

export const agent: Bench = {
  name: 'agent',
  explain:
    'One idle agent: resident memory, CPU time over 60 s (quick: 15 s), size of the file, and the Python interpreters of ' +
    'this machine under which it starts. Goal: near 15 MiB and next to no CPU.',
  run,
};
