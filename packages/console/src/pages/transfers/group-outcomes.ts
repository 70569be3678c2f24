// Owns putting nodes together where a push did, or would do, the same.
import { foldNodeSet } from '@drover/api/node-set';
import type { Task } from '@drover/client';
import { type Change, type Refused, toPushOutcome } from '@drover/client/outcome';

export interface OutcomeGroup {
  readonly nodeSet: string;
  readonly count: number;
  /** Without what is as it should be. */
  readonly changes: readonly Change[];
  readonly refused: readonly Refused[];
}

/** The most nodes first. Nodes that have not ended, or said nothing, are in none. */
export const groupOutcomes = (tasks: readonly Task[]): readonly OutcomeGroup[] => {
  const groups = new Map<string, Omit<OutcomeGroup, 'nodeSet' | 'count'> & { readonly nodes: string[] }>();
  for (const task of tasks) {
    if (task.result === null || task.result.detail === null) continue;
    const { changes: all, refused } = toPushOutcome(task);
    const changes = all.filter(({ action }) => action !== 'unchanged');
    const key = JSON.stringify([changes, refused]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { changes, refused, nodes: [task.node] });
    else group.nodes.push(task.node);
  }
  return [...groups.values()]
    .sort((a, b) => b.nodes.length - a.nodes.length)
    .map(({ nodes, ...group }) => ({ ...group, nodeSet: foldNodeSet(nodes), count: nodes.length }));
};
