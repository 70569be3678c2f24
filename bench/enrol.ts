// Owns the benchmark of enrolment: from nothing to a connected agent, many times.
import { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { makeJoinToken, openApi } from './api.ts';
import { type Bench, type BenchContext, round, timed } from './bench.ts';
import { startEmulatedFleet } from './emulated-fleet.ts';
import { enrolIdentities } from './identities.ts';
import { cpuSeconds, memoryMib } from './process-figures.ts';
import { readyNodes } from './real-fleet.ts';

const run = async (context: BenchContext): Promise<void> => {
  const count = context.quick ? 200 : 500;
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  const api = openApi(controller.context);
  context.defer(() => api.close());
  const token = await makeJoinToken(api, count);
  const names = Array.from({ length: count }, (_, index) => `e${String(index + 1).padStart(4, '0')}`);
  const machine = (name: string) => `emulated-${name}`;
  const { caPem } = controller.context;
  context.say(`enrolling ${count} emulated agents, 16 at a time`);
  const cpuBefore = await cpuSeconds(controller.pid);
  const started = performance.now();
  const enrolMs = await timed(async () => {
    const identities = await enrolIdentities(controller.context, token, names, machine, context.signal);
    context.figure('certificatesPerSecond', round((count * 1000) / (performance.now() - started)));
    const fleet = startEmulatedFleet({ host: '127.0.0.1', port: controller.agentPort, caPem, identities });
    context.defer(() => fleet.close());
    await fleet.waitConnected(count, 60_000);
    await waitFor('all to be Ready', async () => (await readyNodes(api)).length >= count, 60_000);
  });
  context.figure('agents', count);
  context.figure('enrolmentsPerSecond', round((count * 1000) / enrolMs));
  context.figure(
    'controllerCpuMsPerEnrolment',
    round((((await cpuSeconds(controller.pid)) - cpuBefore) * 1000) / count),
  );
  context.figure('controllerRssMib', round((await memoryMib(controller.pid)).now));
};

export const enrol: Bench = {
  name: 'enrol',
  explain:
    'Enrols 500 emulated agents (quick: 200) over the real API: key, certificate request, approval by token, ' +
    'certificate, connection, Ready. Goal: at least 20 a second, sustained.',
  run,
};
