// Owns the benchmark of cancelling: a tree of processes that does not want to die, on many nodes at once.
import { readdir, readFile } from 'node:fs/promises';
import { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { type Api, openApi } from './api.ts';
import { type Bench, type BenchContext, median, round, timed } from './bench.ts';
import { startRealFleet } from './real-fleet.ts';

const runsPath = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';
const treeSize = 50;

interface Run {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string; readonly counts?: { readonly cancelled: number } };
}

/** 50 processes in a chain and side by side, which ignore SIGTERM, SIGINT and SIGHUP. */
const tree = (marker: string): string => `
trap '' TERM INT HUP
for i in 1 2 3 4 5; do
  ( trap '' TERM INT HUP
    for j in 1 2 3 4 5 6 7 8 9; do sleep ${marker} & done
    wait ) &
done
wait
`;

/** Processes of this machine that carry the marker as their argument. */
const countMarked = async (marker: string): Promise<number> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.split('\0')[1] === marker).length;
};

const oneRound = async (api: Api, nodes: number, marker: string): Promise<number> => {
  const { metadata } = await api.json<Run>('POST', runsPath, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { generateName: 'cancel-' },
    spec: {
      script: { interpreter: ['/bin/sh'], source: tree(marker) },
      targets: { nodeSet: '*' },
    },
  });
  const path = `${runsPath}/${metadata.name}`;
  await waitFor('the trees to grow', async () => (await countMarked(marker)) === nodes * 45, 60_000);
  const ms = await timed(async () => {
    await api.json('PATCH', path, { spec: { cancel: true } });
    await waitFor('the run to end', async () => {
      const { status } = await api.json<Run>('GET', path);
      return status?.phase === 'Cancelled' && status.counts?.cancelled === nodes;
    });
  });
  const left = await countMarked(marker);
  if (left > 0) throw new Error(`${left} processes survived the cancel`);
  return ms;
};

const run = async (context: BenchContext): Promise<void> => {
  const nodes = context.quick ? 8 : 20;
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  context.say(`starting ${nodes} real agents`);
  await startRealFleet(context, controller, nodes);
  const api = openApi(controller.context);
  context.defer(() => api.close());
  const times: number[] = [];
  for (let turn = 0; turn < (context.quick ? 3 : 7); turn++) {
    // An odd duration that nobody else sleeps.
    times.push(await oneRound(api, nodes, `86${String(400 + turn)}.${process.pid}`));
  }
  context.figure('nodes', nodes);
  context.figure('processesPerNode', treeSize + 1);
  context.figure('cancelMs', round(median(times)));
  context.figure('cancelWorstMs', round(Math.max(...times)));
  context.figure('survivors', 0);
};

export const cancel: Bench = {
  name: 'cancel',
  explain:
    'Cancels a tree of 51 processes that ignore SIGTERM on 20 real agents (quick: 8): from the request until every node ' +
    'has confirmed and no process is left. Goal: 2 s.',
  run,
};
