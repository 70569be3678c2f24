// Owns reading the fleet as targets are resolved in it.
import { type FleetNode, nodeKind, type Targets } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { planTargets } from './plan.ts';

export const fleetOf = (resources: Pick<Resources, 'list'>): readonly FleetNode[] =>
  resources.list(nodeKind).items.map((node) => ({
    name: node.metadata.name ?? '',
    labels: node.metadata.labels ?? {},
  }));

/** The nodes that are targeted now; throws as planTargets. */
export const targetedNodes = (resources: Pick<Resources, 'list'>, targets: Targets): readonly string[] =>
  planTargets(targets, fleetOf(resources)).nodes;
