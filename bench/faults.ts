// Owns the benchmark of faults: controller and agents are killed at random under a stream of runs, and afterwards
// every run, task and line is looked for. Each task appends its own id to one file, so the file is the truth.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentProcess } from '../test/harness/agents.ts';
import { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { type Api, openApi } from './api.ts';
import type { Bench, BenchContext } from './bench.ts';
import { startRealFleet } from './real-fleet.ts';

const runsPath = '/apis/drover.dev/v1alpha1/namespaces/default/commandruns';

interface Task {
  readonly id: string;
  readonly state: string;
  readonly result: { readonly exitCode: number; readonly reason: string } | null;
}

interface Ground {
  readonly controller: ControllerProcess;
  readonly agents: readonly AgentProcess[];
  readonly api: Api;
  /** Every task that ran has written its id here, a line each. */
  readonly file: string;
  readonly signal: AbortSignal;
}

/** Creates a run and insists, as a client does whose connection broke: the same name is the same run. */
const createRun = async ({ api, file, signal }: Ground, name: string): Promise<boolean> => {
  const body = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { name },
    spec: { argv: ['sh', '-c', `echo "$DROVER_TASK_ID" >> ${file}`], targets: { nodeSet: 'a*' } },
  };
  signal.throwIfAborted();
  return api.json('POST', runsPath, body).then(
    () => true,
    () => false,
  );
};

/** Creates runs until told to stop; resolves to the names that were acknowledged. */
const stream = async (ground: Ground, isOver: () => boolean): Promise<readonly string[]> => {
  const acknowledged: string[] = [];
  for (let n = 1; !isOver(); n++) {
    if (await createRun(ground, `fault-${n}`)) acknowledged.push(`fault-${n}`);
    await delay(50, undefined, { signal: ground.signal });
  }
  return acknowledged;
};

const randomBelow = (limit: number): number => Math.floor(Math.random() * limit);

/** Kills the controller or an agent, at a random moment, and starts it again. */
const killOne = async ({ controller, agents, signal }: Ground): Promise<'controller' | 'agent'> => {
  await delay(randomBelow(400), undefined, { signal });
  const agent = agents[randomBelow(agents.length * 2)];
  if (agent) {
    await agent.end('SIGKILL');
    agent.run();
    return 'agent';
  }
  await controller.kill9();
  await controller.start();
  return 'controller';
};

interface RunObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

const allRuns = async (api: Api): Promise<readonly RunObject[]> =>
  (await api.json<{ readonly items: readonly RunObject[] }>('GET', runsPath)).items;

const isFinal = (run: RunObject): boolean => /^(Succeeded|Failed)$/.test(run.status?.phase ?? '');

const tasksOf = async (api: Api, name: string): Promise<readonly Task[]> =>
  (await api.json<{ readonly items: readonly Task[] }>('GET', `${runsPath}/${name}/results`)).items;

/** Whether what is told of the task is what the file shows. */
const isTrue = (task: Task, lines: ReadonlyMap<string, number>): boolean => {
  const ran = lines.has(task.id);
  if (task.state === 'exited') return ran && task.result?.exitCode === 0;
  return task.state === 'never-started' && !ran;
};

const judge = async (
  context: BenchContext,
  ground: Ground,
  acknowledged: readonly string[],
): Promise<void> => {
  await waitFor('every run to end', async () => (await allRuns(ground.api)).every(isFinal), 120_000);
  const names = new Set((await allRuns(ground.api)).map((run) => run.metadata.name));
  const lines = new Map<string, number>();
  for (const id of (await readFile(ground.file, 'utf8')).split('\n').filter(Boolean)) {
    lines.set(id, (lines.get(id) ?? 0) + 1);
  }
  const tasks = (await Promise.all([...names].map((name) => tasksOf(ground.api, name)))).flat();
  const lost = tasks.filter((task) => !isTrue(task, lines));
  for (const task of lost.slice(0, 5)) context.say(`lost: ${JSON.stringify(task)}`);
  context.figure('acknowledgedRuns', acknowledged.length);
  context.figure('missingRuns', acknowledged.filter((name) => !names.has(name)).length);
  context.figure('tasks', tasks.length);
  context.figure('expectedTasks', names.size * ground.agents.length);
  context.figure('notStarted', tasks.filter((task) => task.state === 'never-started').length);
  context.figure('lost', lost.length);
  context.figure('duplicated', [...lines.values()].filter((count) => count > 1).length);
};

const run = async (context: BenchContext): Promise<void> => {
  const kills = context.quick ? 12 : 100;
  const controller = await ControllerProcess.start();
  context.defer(() => controller.close());
  const agents = await startRealFleet(context, controller, context.quick ? 3 : 6);
  const dir = await mkdtemp(join(tmpdir(), 'faults-'));
  context.defer(() => rm(dir, { recursive: true, force: true }));
  const api = openApi(controller.context);
  context.defer(() => api.close());
  const file = join(dir, 'lines');
  await appendFile(file, '');
  const ground: Ground = { controller, agents, api, file, signal: context.signal };
  let isOver = false;
  const created = stream(ground, () => isOver);
  created.catch(() => undefined); // awaited below, unless the kills fail first
  const killed = { controller: 0, agent: 0 };
  for (let n = 0; n < kills; n++) killed[await killOne(ground)]++;
  isOver = true;
  context.figure('kills', kills);
  context.figure('killsOfController', killed.controller);
  context.figure('killsOfAgents', killed.agent);
  await judge(context, ground, await created);
};

export const faults: Bench = {
  name: 'faults',
  explain:
    'Kills the controller or one of 6 real agents with SIGKILL, 100 times at random moments (quick: 3 agents, 12 times), ' +
    'under a stream of runs whose tasks each append their id to a file. Goal: every acknowledged run is there, every task ' +
    'ends with what really happened (lost 0), no id appears twice (duplicated 0).',
  run,
};
