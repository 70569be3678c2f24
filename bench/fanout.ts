// Owns the benchmark of the main job: one command on many nodes, from the start of the CLI to the last result.
import { setTimeout as delay } from 'node:timers/promises';
import { drover } from '../test/harness/cli.ts';
import { ControllerProcess } from '../test/harness/controller.ts';
import { makeJoinToken, openApi } from './api.ts';
import { type Bench, type BenchContext, median, medianOf, round, timed } from './bench.ts';
import { type EmulatedFleet, startEmulatedFleet } from './emulated-fleet.ts';
import { enrolIdentities } from './identities.ts';
import { ensurePeer, fanoutPeers, peerFanout } from './peers/fanout-tools.ts';
import { startSshFarm } from './peers/sshd.ts';
import { busySeconds, cpuSeconds, memoryMib } from './process-figures.ts';
import { startRealFleet } from './real-fleet.ts';

interface Size {
  readonly nodes: number;
  readonly runs: number;
  readonly peerRuns: number;
  readonly emulated: readonly number[];
  readonly idleSeconds: number;
}

const full: Size = { nodes: 200, runs: 7, peerRuns: 3, emulated: [1000, 5000], idleSeconds: 30 };
const quick: Size = { nodes: 32, runs: 3, peerRuns: 1, emulated: [200], idleSeconds: 2 };

/** Median wall times in ms of the peers that are there. */
const measurePeers = async (context: BenchContext, size: Size): Promise<ReadonlyMap<string, number>> => {
  const farm = await startSshFarm(size.nodes);
  context.defer(() => farm.close());
  const times = new Map<string, number>();
  for (const peer of context.quick ? fanoutPeers.filter(({ isSlow }) => !isSlow) : fanoutPeers) {
    if (!(await ensurePeer(peer, !context.quick))) {
      context.say(`${peer.name} is not installed: left out (apt-get install ${peer.package})`);
      continue;
    }
    context.say(`${peer.name}: true on ${size.nodes} ssh addresses, ${peerFanout} at a time`);
    if (!context.quick) await peer.run(farm, context.signal);
    const ms = await medianOf(size.peerRuns, () => peer.run(farm, context.signal));
    times.set(peer.name, ms);
    context.figure(`${peer.name}Ms`, round(ms));
  }
  await farm.close();
  return times;
};

/** Runs `true` on the node-set with the CLI and checks that every node succeeded; wall time in ms. */
const runTrue = async (controller: ControllerProcess, nodeSet: string): Promise<number> => {
  const result = await drover(controller, ['run', '-n', nodeSet, '-q', '--', 'true']);
  if (result.code !== 0)
    throw new Error(`drover run ended with ${result.code}: ${result.stderr.slice(-500)}`);
  return result.ms;
};

const startController = async (context: BenchContext): Promise<ControllerProcess> => {
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  return controller;
};

const measureReal = async (context: BenchContext, size: Size): Promise<number> => {
  const controller = await startController(context);
  context.say(`starting ${size.nodes} real agents`);
  const startMs = await timed(() => startRealFleet(context, controller, size.nodes));
  context.figure('realAgentsStartSeconds', round(startMs / 1000));
  await runTrue(controller, 'a*');
  const times: number[] = [];
  const busy: number[] = [];
  for (let i = 0; i < size.runs; i++) {
    const before = await busySeconds();
    times.push(await runTrue(controller, 'a*'));
    busy.push((await busySeconds()) - before);
  }
  const ms = median(times);
  context.figure('droverMs', round(ms));
  context.figure('droverWorstMs', round(Math.max(...times)));
  context.figure(`busyCpuSeconds${size.nodes}`, round(median(busy), 2));
  return ms;
};

/** RSS and CPU of the controller while every agent is idle. */
const measureIdle = async (
  context: BenchContext,
  controller: ControllerProcess,
  count: number,
  seconds: number,
): Promise<void> => {
  const before = await cpuSeconds(controller.pid);
  await delay(seconds * 1000, undefined, { signal: context.signal });
  const used = (await cpuSeconds(controller.pid)) - before;
  context.figure(`idle${count}RssMib`, round((await memoryMib(controller.pid)).now));
  context.figure(`idle${count}CpuPercent`, round((used / seconds) * 100, 2));
};

const measureRestart = async (
  context: BenchContext,
  controller: ControllerProcess,
  fleet: EmulatedFleet,
  count: number,
): Promise<void> => {
  await controller.kill9();
  await fleet.waitGone(30_000);
  const ms = await timed(async () => {
    await controller.start();
    await fleet.waitConnected(count, 120_000);
  });
  context.figure(`restart${count}Seconds`, round(ms / 1000, 2));
};

/** A controller of its own with `count` emulated agents, all connected; one run is over. */
const startEmulated = async (context: BenchContext, count: number) => {
  const controller = await startController(context);
  const api = openApi(controller.context);
  const token = await makeJoinToken(api, count);
  api.close();
  const names = Array.from({ length: count }, (_, index) => `e${String(index + 1).padStart(4, '0')}`);
  context.say(
    `enrolling ${count} emulated agents (one process, real wire, real TLS, no command is executed)`,
  );
  const toMachineId = (name: string) => `emulated-${name}`;
  const identities = await enrolIdentities(controller.context, token, names, toMachineId, context.signal);
  const { caPem } = controller.context;
  const fleet = startEmulatedFleet({ host: '127.0.0.1', port: controller.agentPort, caPem, identities });
  context.defer(() => fleet.close());
  await fleet.waitConnected(count, 120_000);
  await runTrue(controller, 'e*');
  const close = async (): Promise<void> => {
    await fleet.close();
    await controller.close();
  };
  return { controller, fleet, close };
};

/** As many as there were real ones: what is left when the agents do not share the machine. */
const measureEmulatedRun = async (context: BenchContext, { nodes, runs }: Size): Promise<void> => {
  const { controller, close } = await startEmulated(context, nodes);
  context.figure(`fanout${nodes}EmulatedMs`, round(await medianOf(runs, () => runTrue(controller, 'e*'))));
  await close();
};

/** Everything with `count` emulated agents. */
const measureEmulated = async (context: BenchContext, size: Size, count: number): Promise<void> => {
  const { controller, fleet, close } = await startEmulated(context, count);
  context.figure(`emulated${count}Ms`, round(await medianOf(size.runs, () => runTrue(controller, 'e*'))));
  await measureIdle(context, controller, count, size.idleSeconds);
  await measureRestart(context, controller, fleet, count);
  await close();
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  context.figure('nodes', size.nodes);
  const peers = await measurePeers(context, size);
  const droverMs = await measureReal(context, size);
  for (const [name, ms] of peers) context.figure(`${name}Ratio`, round(ms / droverMs));
  await measureEmulatedRun(context, size);
  for (const count of size.emulated) await measureEmulated(context, size, count);
};

export const fanout: Bench = {
  name: 'fanout',
  explain:
    'Runs `true` on 200 nodes (quick: 32): median wall time from CLI start to last result, and CPU seconds that the whole ' +
    'machine was busy meanwhile, 200 real agent processes ' +
    'against pdsh and clush (64 at a time, warm) and ansible (not when quick) on 200 ssh addresses of the same machine. Then 200 (quick: 32), 1,000 and ' +
    '5,000 emulated agents (one process, real wire, real TLS; quick: 200): time of a run on all, memory and CPU of the ' +
    'controller while all are idle, time until all are back after kill -9 of the controller. Goals: 200 in 0.5 s and 20 ' +
    'times faster than pdsh and clush; 1,000 in 1 s; 5,000 in 5 s; under 300 MiB with 1,000; 1,000 back in 10 s.',
  run,
};
