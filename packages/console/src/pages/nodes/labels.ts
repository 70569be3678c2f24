// Owns what is changed in the labels of one or many nodes.
import type { Node } from '@drover/api';

/** Key → value; null: it is taken away. */
export type Changes = Readonly<Record<string, string | null>>;

/** The controller puts these back, after what the agent says of the server. */
export const followsFacts = (key: string): boolean =>
  key.startsWith('kubernetes.io/') || key.startsWith('drover.dev/');

/** Every label that any of the nodes has after the changes, with how many have it. */
export const countLabels = (
  nodes: readonly Pick<Node, 'metadata'>[],
  changes: Changes,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { metadata } of nodes) {
    const after: Readonly<Record<string, string | null>> = { ...metadata.labels, ...changes };
    for (const [key, value] of Object.entries(after)) {
      if (value === null) continue;
      const label = JSON.stringify([key, value]);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
};
