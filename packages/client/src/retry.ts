// Owns what repeats a piece of work on the nodes where it did not end well. Pure.
import { foldNodeSet } from '@drover/api/node-set';
import { isFinal } from '@drover/api/task-states';
import type { Task, Work } from './work.ts';

const didEndWell = ({ state, result }: Task): boolean => state === 'exited' && result?.exitCode === 0;

/** The new object, for create; none: nothing to repeat; live: tasks are still going on, so it is too early. */
export type Retry =
  | { readonly kind: 'retry'; readonly object: Record<string, unknown>; readonly nodes: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'live' };

/** `tasks`: all of the work. */
export const planRetry = (work: Work, tasks: readonly Task[]): Retry => {
  if (tasks.some(({ state }) => !isFinal(state))) return { kind: 'live' };
  const nodes = tasks.filter((task) => !didEndWell(task)).map(({ node }) => node);
  if (nodes.length === 0) return { kind: 'none' };
  const { name = '', namespace } = work.metadata;
  const { approvedBatches: _, ...strategy } = work.spec.strategy;
  // What was signed is good for one task of a node: who repeats it signs anew. Who asks is written by the server.
  const { signed: __, requester: ___, ...wish } = work.spec;
  const targets = { nodeSet: foldNodeSet(nodes) };
  const spec = { ...wish, strategy, cancel: false, retryOf: name, targets };
  const stem = name.replace(/-retry-.*$/, '').slice(0, 40);
  const metadata = { namespace, generateName: `${stem}-retry-` };
  return {
    kind: 'retry',
    object: { apiVersion: work.apiVersion, kind: work.kind, metadata, spec },
    nodes,
  };
};
