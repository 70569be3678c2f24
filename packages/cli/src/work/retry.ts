// Owns repeating a run or transfer on the nodes where it did not end well.
import { foldNodeSet } from '@drover/api/node-set';
import type { Connection } from '../connection/connection.ts';
import { usageFailure } from '../failure.ts';
import { type WorkPlural, workCollection, workPath } from './paths.ts';
import { isLive, isSuccess, type Work } from './rows.ts';
import { loadTasks } from './tasks.ts';

/** The new work, or undefined when there is nothing to repeat. */
export const retryWork = async (
  connection: Connection,
  plural: WorkPlural,
  namespace: string,
  name: string,
): Promise<Work | undefined> => {
  const path = workPath(plural, namespace, name);
  const [work, tasks] = await Promise.all([connection.json<Work>({ path }), loadTasks(connection, path)]);
  if (tasks.some((task) => isLive(task.state)))
    throw usageFailure(`cannot repeat ${name}: it is still going on`, `cancel it first, or wait`);
  const failed = tasks.filter((task) => !isSuccess(task)).map((task) => task.node);
  if (failed.length === 0) return undefined;
  const { approvedBatches: _, ...strategy } = work.spec.strategy;
  return connection.json<Work>({
    method: 'POST',
    path: workCollection(plural, namespace),
    body: {
      apiVersion: work.apiVersion,
      kind: work.kind,
      metadata: { namespace, generateName: `${name.replace(/-retry-.*$/, '').slice(0, 40)}-retry-` },
      spec: {
        ...work.spec,
        strategy,
        cancel: false,
        retryOf: name,
        targets: { nodeSet: foldNodeSet(failed) },
      },
    },
  });
};
