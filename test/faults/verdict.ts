// Owns the judgement after the faults: whether every promise was kept and every task tells what really happened.
// I1: exited with 0 means that its line is there; never-started that it is not; both exactly.
// I2: lost is true only of a node that was switched off, and there the line may or may not be there.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, commandRuns, configMaps, type Task } from '@drover/client';
import { waitFor } from '../harness/wait.ts';
import type { Promises } from './promises.ts';

export interface Evidence {
  readonly promises: Promises;
  readonly nodes: readonly string[];
  /** The lines of every node's file. */
  readonly lines: () => Promise<readonly string[]>;
  /** Nodes whose power was cut. */
  readonly switchedOff: ReadonlySet<string>;
}

export interface Verdict {
  readonly runs: number;
  readonly tasks: number;
  /** Tasks that there must be: every run has one for every node. */
  readonly expectedTasks: number;
  readonly succeeded: number;
  readonly neverStarted: number;
  /** Ended as lost with their node's power, as they should. */
  readonly endedByPower: number;
  /** Tasks whose result is not what happened, for any reason. */
  readonly lost: readonly Task[];
  /** Ids that ran more than once. */
  readonly duplicated: readonly string[];
  /** Ids that ran and of which the controller knows nothing. */
  readonly unknown: readonly string[];
  readonly writesAcknowledged: number;
  /** Names of what was acknowledged and is not there as it was written. */
  readonly writesMissing: readonly string[];
}

const unfinished = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Cancelled';

/** Resolves when no run is under way any more. */
const settled = (client: Client, timeoutMs: number): Promise<unknown> =>
  waitFor(
    'every run to end',
    async () => {
      await delay(200);
      const { items } = await client.list(commandRuns, { fieldSelector: unfinished, limit: 1 });
      return items.length === 0;
    },
    timeoutMs,
  );

const isTrue = (task: Task, hasRun: boolean, switchedOff: ReadonlySet<string>): boolean => {
  if (task.state === 'exited') return hasRun && task.result?.exitCode === 0;
  if (task.state === 'lost') return switchedOff.has(task.node);
  return task.state === 'never-started' && !hasRun;
};

const tasksOf = (client: Client, runs: readonly string[]): Promise<readonly Task[]> =>
  runs.reduce<Promise<readonly Task[]>>(async (before, name) => {
    const known = [...(await before)];
    for await (const task of client.allResults({ kind: commandRuns, name })) known.push(task);
    return known;
  }, Promise.resolve([]));

/** Acknowledged ConfigMaps whose value is gone or older than the promise (a broken write may have made it newer). */
const missingValues = async (client: Client, promises: Promises): Promise<readonly string[]> => {
  const found = new Map<string, number>();
  for await (const { metadata, data } of client.listAll(configMaps, { namespace: 'default' }))
    found.set(metadata.name ?? '', Number(data?.['value'] ?? -1));
  return [...promises.values]
    .filter(([name, value]) => (found.get(name) ?? -1) < value)
    .map(([name]) => name);
};

const runNames = async (client: Client): Promise<readonly string[]> => {
  const names: string[] = [];
  for await (const { metadata } of client.listAll(commandRuns)) names.push(metadata.name ?? '');
  return names;
};

/** Waits until everything has ended, then compares. Throws when something does not end in `timeoutMs`. */
export const judge = async (
  client: Client,
  { promises, nodes, lines, switchedOff }: Evidence,
  timeoutMs: number,
): Promise<Verdict> => {
  await settled(client, timeoutMs);
  const runs = await runNames(client);
  const tasks = await tasksOf(client, runs);
  const ran = new Map<string, number>();
  for (const id of await lines()) ran.set(id, (ran.get(id) ?? 0) + 1);
  const known = new Set(tasks.map((task) => task.id));
  const there = new Set(runs);
  const of = (state: Task['state']): number => tasks.filter((task) => task.state === state).length;
  return {
    runs: runs.length,
    tasks: tasks.length,
    expectedTasks: runs.length * nodes.length,
    succeeded: tasks.filter((task) => task.state === 'exited' && task.result?.exitCode === 0).length,
    neverStarted: of('never-started'),
    endedByPower: of('lost'),
    lost: tasks.filter((task) => !isTrue(task, ran.has(task.id), switchedOff)),
    duplicated: [...ran].filter(([, count]) => count > 1).map(([id]) => id),
    unknown: [...ran.keys()].filter((id) => !known.has(id)),
    writesAcknowledged: promises.acknowledged,
    writesMissing: [
      ...[...promises.runs].filter((name) => !there.has(name)),
      ...(await missingValues(client, promises)),
    ],
  };
};
