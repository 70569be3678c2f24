// Owns what is different between two runs: nodes whose state, exit code or output differ. Pure: two folds in, rows out.
import { compareNames, parseNodeSet, resolveNodeSet } from '@drover/api/node-set';
import type { Fold, FoldedGroup } from '@drover/client';

export type Difference = 'onlyHere' | 'onlyThere' | 'state' | 'exitCode' | 'output';

export interface Compared {
  readonly node: string;
  /** undefined: it was not part of that run, or has not ended in it. */
  readonly here: FoldedGroup | undefined;
  readonly there: FoldedGroup | undefined;
  readonly differences: readonly Difference[];
}

const namesOf = (nodeSet: string): readonly string[] =>
  resolveNodeSet(parseNodeSet(nodeSet), { all: [], group: () => [] }).unknown;

const byNode = ({ groups }: Fold): ReadonlyMap<string, FoldedGroup> =>
  new Map(groups.flatMap((group) => namesOf(group.nodeSet).map((name) => [name, group] as const)));

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

/** Beyond what a fold shows of an output its length is compared. */
const isSameOutput = (a: FoldedGroup, b: FoldedGroup): boolean =>
  a.stdoutBytes === b.stdoutBytes &&
  a.stderrBytes === b.stderrBytes &&
  isEqual(a.stdout, b.stdout) &&
  isEqual(a.stderr, b.stderr);

const differencesOf = (here: FoldedGroup, there: FoldedGroup): readonly Difference[] => [
  ...(here.state === there.state ? [] : (['state'] as const)),
  ...(here.exitCode === there.exitCode && here.signal === there.signal ? [] : (['exitCode'] as const)),
  ...(isSameOutput(here, there) ? [] : (['output'] as const)),
];

/** Each pair of groups is compared once, however many nodes it has. */
export const compareFolds = (here: Fold, there: Fold): readonly Compared[] => {
  const [ours, theirs] = [byNode(here), byNode(there)];
  const known = new Map<FoldedGroup, Map<FoldedGroup, readonly Difference[]>>();
  const between = (a: FoldedGroup, b: FoldedGroup): readonly Difference[] => {
    const row = known.get(a) ?? new Map<FoldedGroup, readonly Difference[]>();
    known.set(a, row);
    const found = row.get(b) ?? differencesOf(a, b);
    row.set(b, found);
    return found;
  };
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort(compareNames).map((node) => {
    const [a, b] = [ours.get(node), theirs.get(node)];
    const differences =
      a === undefined ? (['onlyThere'] as const) : b === undefined ? (['onlyHere'] as const) : between(a, b);
    return { node, here: a, there: b, differences };
  });
};
