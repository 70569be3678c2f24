// Owns finding out, on this side, for which nodes is signed: the controller is not asked, so that it cannot choose.
// I1: names that are written are taken as they are; what the controller knows (labels, groups, '*') adds only names
//     that the person is shown before they are signed.
import {
  ApiError,
  foldNodeSet,
  type LabelSelector,
  parseNodeSet,
  resolveNodeSet,
  type Targets,
  toLabelMatcher,
} from '@drover/api';
import type { Client } from '@drover/client';
import { Failure } from '../failure.ts';
import { type FleetNode, listFleet } from './fleet.ts';

const groupLabel = 'group.drover.dev/';

const matching = (fleet: readonly FleetNode[], selector: LabelSelector | undefined): ReadonlySet<string> => {
  const matches = selector === undefined ? () => true : toLabelMatcher(selector);
  return new Set(fleet.filter(({ labels }) => matches(labels)).map(({ name }) => name));
};

/** `isPart`: the fleet is only a part, so that a group may have no member in it. */
const namesOf = (
  { nodeSet, labelSelector }: Targets,
  fleet: readonly FleetNode[],
  isPart = false,
): readonly string[] => {
  const all = fleet.map(({ name }) => name);
  const fits = matching(fleet, labelSelector);
  if (nodeSet === undefined) return all.filter((name) => fits.has(name));
  const group = (name: string): readonly string[] => {
    const members = fleet.filter(({ labels }) => labels[groupLabel + name] !== undefined);
    if (members.length === 0 && !isPart)
      throw new ApiError(
        'NotFound',
        `cannot resolve @${name}: no node carries the label ${groupLabel}${name}`,
      );
    return members.map((node) => node.name);
  };
  const { known, unknown } = resolveNodeSet(parseNodeSet(nodeSet), { all, group });
  return [...known.filter((name) => fits.has(name)), ...unknown];
};

export interface SignedTargets {
  readonly nodes: readonly string[];
  /** The same, folded. */
  readonly nodeSet: string;
}

export const resolveTargets = async (client: Client, targets: Targets): Promise<SignedTargets> => {
  const nodes = namesOf(targets, await listFleet(client));
  if (nodes.length === 0) throw new Failure('cannot sign: no node matches what -n and -l say');
  return { nodes, nodeSet: foldNodeSet(nodes) };
};

/** Those of these nodes that are targeted; whether one is does not depend on the others. */
export const targetedOf = (targets: Targets, nodes: readonly FleetNode[]): readonly string[] => {
  const wanted = new Set(namesOf(targets, nodes, true));
  return nodes.map(({ name }) => name).filter((name) => wanted.has(name));
};
