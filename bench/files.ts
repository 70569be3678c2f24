// Owns the benchmark of moving files: one big file and a tree of small ones to several nodes, against scp and rsync.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AgentProcess } from '../test/harness/agents.ts';
import { drover } from '../test/harness/cli.ts';
import { ControllerProcess } from '../test/harness/controller.ts';
import { createOwnViews, type OwnViews } from '../test/harness/own-view.ts';
import { openApi } from './api.ts';
import { type Bench, type BenchContext, median, round } from './bench.ts';
import { copyPeers } from './peers/copy-tools.ts';
import { type SshFarm, startSshFarm } from './peers/sshd.ts';
import { runTool } from './peers/tool.ts';
import { memoryMib, watchMemory } from './process-figures.ts';
import { startRealFleet } from './real-fleet.ts';

interface Size {
  readonly bigMib: number;
  /** A smaller file that goes first: memory must be the same after it and after the big one. */
  readonly lessMib: number;
  readonly bigNodes: number;
  readonly smallFiles: number;
  readonly smallNodes: number;
  readonly runs: number;
}

const full: Size = { bigMib: 1024, lessMib: 256, bigNodes: 10, smallFiles: 10_000, smallNodes: 3, runs: 3 };
const quick: Size = { bigMib: 128, lessMib: 32, bigNodes: 4, smallFiles: 1000, smallNodes: 3, runs: 1 };
const mib = 1024 ** 2;

interface Ground {
  readonly context: BenchContext;
  readonly controller: ControllerProcess;
  readonly agents: readonly AgentProcess[];
  readonly views: OwnViews;
  readonly farm: SshFarm;
  readonly dir: string;
}

/** Other bytes at each call: what the controller has already is not sent again. */
const makeBig = async (path: string, sizeMib: number): Promise<void> => {
  const file = await open(path, 'w');
  try {
    for (let i = 0; i < sizeMib; i++) await file.write(randomBytes(mib));
  } finally {
    await file.close();
  }
};

const makeTree = async (path: string, files: number): Promise<void> => {
  for (let i = 0; i < files; i++) {
    const folder = join(path, `d${Math.floor(i / 100)}`);
    if (i % 100 === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${i}`), randomBytes(1000 + (i % 3000)));
  }
};

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

const names = (ground: Ground, count: number): readonly string[] =>
  ground.agents.slice(0, count).map((agent) => agent.name);

interface Pushed {
  readonly ms: number;
  /** Most memory of the CLI. */
  readonly cliPeakMib: number;
}

/** Pushes with the CLI, looks at one file on every node, clears up. */
const push = async (ground: Ground, source: string, sample: string, count: number): Promise<Pushed> => {
  const { controller, views } = ground;
  const nodes = names(ground, count);
  const target = join(views.path, 'pushed');
  let memory: ReturnType<typeof watchMemory> | undefined;
  const onStart = (pid: number) => {
    memory = watchMemory(pid);
  };
  const words = ['push', '-q', '-n', nodes.join(','), source, `:${target}`];
  const result = await drover(controller, words, { onStart }).finally(() => memory?.close());
  if (result.code !== 0)
    throw new Error(`drover push ended with ${result.code}: ${result.stderr.slice(-500)}`);
  const wanted = await hashOf(join(source, sample));
  for (const name of nodes) {
    const copied = join(views.directoryOf(name), 'pushed');
    if ((await hashOf(join(copied, sample))) !== wanted) throw new Error(`${name} has other bytes`);
    await rm(copied, { recursive: true });
  }
  return { ms: result.ms, cliPeakMib: memory?.peakMib() ?? Number.NaN };
};

interface Load {
  readonly name: 'big' | 'small';
  readonly nodes: number;
  readonly runs: number;
  /** Makes it at the path; resolves to a file in it whose bytes are compared ('' when it is itself a file). */
  readonly make: (path: string) => Promise<string>;
}

interface Measured {
  /** Median wall times in ms. */
  readonly times: ReadonlyMap<string, number>;
  readonly cliPeakMib: number;
}

/** Drover and the peers in turn on the same data, new for each turn; medians. */
const measure = async (ground: Ground, load: Load): Promise<Measured> => {
  const { context, farm, dir } = ground;
  const times = new Map<string, number[]>();
  const note = (name: string, ms: number) => times.set(name, [...(times.get(name) ?? []), ms]);
  let cliPeakMib = 0;
  for (let turn = 0; turn < load.runs; turn++) {
    const source = join(dir, `${load.name}-${turn}`);
    const sample = await load.make(source);
    context.say(`${load.name}, turn ${turn + 1}: drover and the peers in turn, to ${load.nodes} nodes`);
    const ownTurn = async (): Promise<void> => {
      const pushed = await push(ground, source, sample, load.nodes);
      note('drover', pushed.ms);
      cliPeakMib = Math.max(cliPeakMib, pushed.cliPeakMib);
    };
    const turns = [
      ownTurn,
      ...copyPeers.map((peer) => async () => {
        note(peer.name, await peer.run(farm, source, load.nodes, context.signal));
      }),
    ];
    // Everybody is first once, and nobody pays for what others have not yet brought to the disk.
    for (let place = 0; place < turns.length; place++) {
      await runTool('sync', []);
      await turns[(turn + place) % turns.length]?.();
    }
    await rm(source, { recursive: true });
  }
  return { times: new Map([...times].map(([name, all]) => [name, median(all)])), cliPeakMib };
};

const transfersPath = '/apis/drover.dev/v1alpha1/namespaces/default/filetransfers';

interface List<T> {
  readonly items: readonly T[];
}

/** The most memory that any transfer so far has used on a node, as the agents reported it. */
const transferPeakMib = async (controller: ControllerProcess): Promise<number> => {
  const api = openApi(controller.context);
  try {
    const { items } = await api.json<List<{ readonly metadata: { readonly name: string } }>>(
      'GET',
      transfersPath,
    );
    const peaks = await Promise.all(
      items.map(async ({ metadata }) => {
        const path = `${transfersPath}/${metadata.name}/results`;
        const tasks = await api.json<List<{ readonly result: { readonly maxRssKib: number } | null }>>(
          'GET',
          path,
        );
        return tasks.items.map((task) => (task.result?.maxRssKib ?? 0) / 1024);
      }),
    );
    return Math.max(0, ...peaks.flat());
  } finally {
    api.close();
  }
};

/** Highest memory so far of everything that took part. */
const reportMemory = async (ground: Ground, name: string, cliPeakMib: number): Promise<void> => {
  const { context, agents, controller } = ground;
  const peaks = await Promise.all(agents.map(async (agent) => (await memoryMib(agent.pid)).peak));
  context.figure(`${name}CliPeakRssMib`, round(cliPeakMib));
  context.figure(`${name}ControllerPeakRssMib`, round((await memoryMib(controller.pid)).peak));
  context.figure(`${name}AgentPeakRssMib`, round(Math.max(...peaks)));
  context.figure(`${name}TransferPeakRssMib`, round(await transferPeakMib(controller)));
};

/** The smaller file to as many nodes, for its memory. */
const measureLess = async (ground: Ground, size: Size): Promise<void> => {
  const source = join(ground.dir, 'less');
  await makeBig(source, size.lessMib);
  const { cliPeakMib } = await push(ground, source, '', size.bigNodes);
  await rm(source);
  ground.context.figure('lessMib', size.lessMib);
  await reportMemory(ground, 'less', cliPeakMib);
};

const report = async (
  ground: Ground,
  name: string,
  { times, cliPeakMib }: Measured,
  amount: { readonly unit: string; readonly count: number },
): Promise<void> => {
  const { context } = ground;
  const droverMs = times.get('drover') ?? Number.NaN;
  for (const [tool, ms] of times) {
    const figure = `${name}${tool.charAt(0).toUpperCase()}${tool.slice(1)}`;
    context.figure(`${figure}Ms`, round(ms));
    context.figure(`${figure}${amount.unit}PerSecond`, round((amount.count * 1000) / ms));
    if (tool !== 'drover') context.figure(`${figure}Ratio`, round(ms / droverMs, 2));
  }
  await reportMemory(ground, name, cliPeakMib);
};

const run = async (context: BenchContext): Promise<void> => {
  const size = context.quick ? quick : full;
  const dir = await mkdtemp(join(tmpdir(), 'files-'));
  context.defer(() => rm(dir, { recursive: true, force: true }));
  const controller = await ControllerProcess.start({ ownSession: true });
  context.defer(() => controller.close());
  const views = await createOwnViews(dir);
  const agents = await startRealFleet(context, controller, size.bigNodes, (name) => views.pythonOf(name));
  const farm = await startSshFarm(size.bigNodes);
  context.defer(() => farm.close());
  const ground: Ground = { context, controller, agents, views, farm, dir };
  context.figure('controllerIdleRssMib', round((await memoryMib(controller.pid)).now));
  await measureLess(ground, size);
  context.figure('bigMib', size.bigMib);
  context.figure('bigNodes', size.bigNodes);
  const big = await measure(ground, {
    name: 'big',
    nodes: size.bigNodes,
    runs: size.runs,
    make: async (path) => {
      await makeBig(path, size.bigMib);
      return '';
    },
  });
  await report(ground, 'big', big, { unit: 'Mib', count: size.bigMib * size.bigNodes });
  context.figure('smallFiles', size.smallFiles);
  context.figure('smallNodes', size.smallNodes);
  const small = await measure(ground, {
    name: 'small',
    nodes: size.smallNodes,
    runs: size.runs,
    make: async (path) => {
      await makeTree(path, size.smallFiles);
      return `d0/f7`;
    },
  });
  await report(ground, 'small', small, { unit: 'Files', count: size.smallFiles * size.smallNodes });
};

export const files: Bench = {
  name: 'files',
  explain:
    'Pushes 1 GiB to 10 real agents and 10,000 files of 1 to 4 KB to 3 (quick: 128 MiB to 4, 1,000 files to 3), from the ' +
    'start of the CLI to the last verified copy, against scp and rsync run in parallel to as many ssh addresses of the ' +
    'same machine: times, throughput, ratios (above 1: Drover is faster). Drover verifies every byte and has it on the disk; the peers do not. ' +
    'Peak memory of CLI, controller, agents and the processes that receive, after a file a quarter as large and after the large one.',
  run,
};
