// Owns what a CommandRun or FileTransfer asks for: on which nodes, and what each of them is to do. Pure.
// I1: every node that was named is in the list; one that does not exist gets a task that ends with that reason,
//     so that whoever counts the results misses nobody.
import {
  ApiError,
  type LabelSelector,
  parseNodeSet,
  type ResolvedNodeSet,
  resolveNodeSet,
  type Targets,
  toLabelMatcher,
} from '@drover/api';
import type { WorkOrder } from '../../engine/engine.ts';
import { isApproved } from './approval.ts';
import type { Work } from './work.ts';

const groupLabel = 'group.drover.dev/';
/** More nodes in one piece of work are refused. */
const maxTargets = 50_000;

export interface FleetNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type PlannedTargets = Pick<WorkOrder, 'nodes' | 'refused'>;

const groupOf = (fleet: readonly FleetNode[], name: string): readonly string[] => {
  const label = groupLabel + name;
  const members = fleet.filter((node) => node.labels[label] !== undefined).map((node) => node.name);
  if (members.length > 0) return members;
  throw new ApiError('NotFound', `cannot resolve @${name}: no node carries the label ${label}`);
};

const named = (nodeSet: string | undefined, fleet: readonly FleetNode[]): ResolvedNodeSet => {
  const all = fleet.map((node) => node.name);
  if (nodeSet === undefined) return { known: all, unknown: [] };
  return resolveNodeSet(parseNodeSet(nodeSet), { all, group: (name) => groupOf(fleet, name) });
};

const labelled = (
  names: readonly string[],
  selector: LabelSelector | undefined,
  fleet: readonly FleetNode[],
): readonly string[] => {
  if (selector === undefined) return names;
  const matches = toLabelMatcher(selector);
  const labels = new Map(fleet.map((node) => [node.name, node.labels]));
  return names.filter((name) => matches(labels.get(name) ?? {}));
};

/**
 * The nodes of the work (I1); `only` narrows them to those of an earlier run. Throws ApiError BadRequest or
 * NotFound when the targets cannot be read, resolve to too many nodes, or to none.
 */
export const planTargets = (
  targets: Targets,
  fleet: readonly FleetNode[],
  only?: readonly string[],
): PlannedTargets => {
  const { known, unknown } = named(targets.nodeSet, fleet);
  const wanted = only && new Set(only);
  const keep = (name: string) => wanted === undefined || wanted.has(name);
  const missing = unknown.filter(keep);
  const nodes = [...labelled(known, targets.labelSelector, fleet).filter(keep), ...missing];
  if (nodes.length > maxTargets) {
    throw new ApiError(
      'BadRequest',
      `cannot start: ${nodes.length} nodes are targeted, at most ${maxTargets} can be`,
    );
  }
  if (nodes.length === 0) throw new ApiError('NotFound', 'cannot start: no node matches spec.targets');
  return { nodes, refused: new Map(missing.map((name) => [name, 'no such node'])) };
};

/** For work that has begun: those of its nodes that are not in the fleet any more. */
export const planGone = (nodes: readonly string[], fleet: readonly FleetNode[]): PlannedTargets => {
  const there = new Set(fleet.map((node) => node.name));
  return {
    nodes,
    refused: new Map(nodes.filter((name) => !there.has(name)).map((name) => [name, 'no such node'])),
  };
};

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** What each node is to do, and for whom. */
export const toTaskSpec = (work: Work): WorkOrder['spec'] => {
  const { requester } = work.spec;
  if (requester === undefined) return toDeed(work);
  const { username, groups } = requester;
  return { ...toDeed(work), asker: { username, groups, approved: isApproved(work) } };
};

const toDeed = (work: Work): WorkOrder['spec'] => {
  if (work.kind === 'CommandRun') {
    const { argv, script, user, cwd, env, stdin, maxOutputBytes } = work.spec;
    return {
      kind: 'command',
      argv: script?.interpreter ?? argv ?? [],
      script: base64(script?.source ?? ''),
      user: user ?? '',
      cwd: cwd ?? '',
      env: env ?? {},
      input: base64(stdin ?? ''),
      maxOutputBytes,
    };
  }
  const { direction, manifest, path, mode, owner, check } = work.spec;
  if (direction === 'Pull') return { kind: 'pull', path, check };
  return { kind: 'push', manifest: manifest ?? '', path, mode: mode ?? '', owner: owner ?? '', check };
};

/** Everything the engine has to know. */
export const toOrder = (work: Work, targets: PlannedTargets, cancelled: boolean): WorkOrder => ({
  ...targets,
  work: work.metadata.uid ?? '',
  spec: toTaskSpec(work),
  strategy: work.spec.strategy,
  offline: work.spec.offline,
  timeoutMs: work.spec.timeoutSeconds * 1000,
  cancelled,
});
