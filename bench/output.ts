// Owns the benchmark of live output: how soon the first byte is seen while a fleet writes as fast as it may.
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { type Api, openApi } from './api.ts';
import { type Bench, type BenchContext, median, round } from './bench.ts';
import { memoryMib } from './process-figures.ts';
import { startRealFleet } from './real-fleet.ts';

const runsPath = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';

interface Run {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly phase?: string;
    readonly counts?: { readonly running: number; readonly succeeded: number };
  };
}

const startRun = (api: Api, nodeSet: string, argv: readonly string[]): Promise<Run> =>
  api.json<Run>('POST', runsPath, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { generateName: 'output-' },
    spec: { argv, targets: { nodeSet }, maxOutputBytes: 1024 ** 3 },
  });

/** 1 MB each second: 1,000 lines of 1,000 bytes. */
const writer = (seconds: number): readonly string[] => [
  'sh',
  '-c',
  `line=$(printf '%0999d' 7); i=0
   while [ $i -lt ${seconds} ]; do yes "$line" | head -n 1000; i=$((i + 1)); sleep 1; done`,
];

/** Follows a run's log until its first byte; ms since `startMs`. */
const firstByte = (controller: ControllerProcess, name: string, startMs: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const { address, caPem, token } = controller.context;
    const call = request(
      new URL(`${runsPath}/${name}/log?follow=1`, address),
      { ca: caPem, agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.once('data', () => {
          resolve(performance.now() - startMs);
          call.destroy();
        });
        response.once('end', () => reject(new Error('the log ended without a byte')));
      },
    );
    call.on('error', reject);
    call.end();
  });

const probe = async (controller: ControllerProcess, api: Api): Promise<number> => {
  const startMs = performance.now();
  const { metadata } = await startRun(api, 'a001', ['echo', 'x']);
  return firstByte(controller, metadata.name, startMs);
};

const run = async (context: BenchContext): Promise<void> => {
  const nodes = context.quick ? 10 : 50;
  const seconds = context.quick ? 10 : 30;
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  context.say(`starting ${nodes} real agents`);
  await startRealFleet(context, controller, nodes);
  const api = openApi(controller.context);
  context.defer(() => api.close());
  context.figure('nodes', nodes);
  context.figure('rssBeforeMib', round((await memoryMib(controller.pid)).now));
  context.say(`${nodes} nodes write 1 MB/s each for ${seconds} s`);
  const startMs = performance.now();
  const noise = await startRun(api, '*', writer(seconds));
  await delay(2000, undefined, { signal: context.signal });
  const times: number[] = [];
  const memory: number[] = [];
  while (performance.now() - startMs < seconds * 1000) {
    times.push(await probe(controller, api));
    memory.push((await memoryMib(controller.pid)).now);
    await delay(300, undefined, { signal: context.signal });
  }
  context.figure('firstByteMs', round(median(times)));
  context.figure('firstByteWorstMs', round(Math.max(...times)));
  context.figure('probes', times.length);
  context.figure('rssMedianMib', round(median(memory)));
  context.figure('rssPeakMib', round((await memoryMib(controller.pid)).peak));
  const path = `${runsPath}/${noise.metadata.name}`;
  await waitFor(
    'the writers to end',
    async () => (await api.json<Run>('GET', path)).status?.phase === 'Succeeded',
    120_000,
  );
  context.figure('megabytesPerSecond', round((nodes * seconds * 1000) / (performance.now() - startMs)));
};

export const output: Bench = {
  name: 'output',
  explain:
    'While 50 real agents (quick: 10) write 1 MB/s each: time from the request of another run to its first byte at an API ' +
    'client that follows the log, and the memory of the controller. Goal: under 300 ms, memory flat.',
  run,
};
