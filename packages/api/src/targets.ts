// Owns which nodes of a fleet Targets stand for. Pure: the controller decides by it, and clients show it beforehand.
import { ApiError } from './errors.ts';
import { parseNodeSet, type ResolvedNodeSet, resolveNodeSet } from './node-set/index.ts';
import { toLabelMatcher } from './selectors/label-selector.ts';
import type { Targets } from './work.ts';

/** Nodes that carry it are of the group whose name follows. */
const groupLabel = 'group.drover.dev/';

export interface FleetNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const groupOf = (fleet: readonly FleetNode[], name: string): readonly string[] => {
  const label = groupLabel + name;
  const members = fleet.filter((node) => node.labels[label] !== undefined).map((node) => node.name);
  if (members.length > 0) return members;
  throw new ApiError('NotFound', `cannot resolve @${name}: no node carries the label ${label}`);
};

/**
 * known: nodes of the fleet that both parts match; unknown: names that were written but are not in the fleet.
 * Throws ApiError BadRequest or NotFound when a part cannot be read.
 */
export const resolveTargets = (targets: Targets, fleet: readonly FleetNode[]): ResolvedNodeSet => {
  const { nodeSet, labelSelector } = targets;
  const all = fleet.map((node) => node.name);
  const { known, unknown } =
    nodeSet === undefined
      ? { known: all, unknown: [] }
      : resolveNodeSet(parseNodeSet(nodeSet), { all, group: (name) => groupOf(fleet, name) });
  if (labelSelector === undefined) return { known, unknown };
  const matches = toLabelMatcher(labelSelector);
  const labels = new Map(fleet.map((node) => [node.name, node.labels]));
  return { known: known.filter((name) => matches(labels.get(name) ?? {})), unknown };
};
