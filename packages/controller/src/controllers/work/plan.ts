// Owns what a CommandRun or FileTransfer asks for: on which nodes, and what each of them is to do. Pure.
// I1: every node that was named is in the list; one that does not exist gets a task that ends with that reason,
//     so that whoever counts the results misses nobody.
import { ApiError, type FleetNode, resolveTargets, signedCauses, type Targets } from '@drover/api';
import type { WorkOrder } from '../../engine/engine.ts';
import { sha256Hex } from '../../platform/ids.ts';
import { isApproved } from './approval.ts';
import type { Work } from './work.ts';

/** More nodes in one piece of work are refused. */
const maxTargets = 50_000;

export type PlannedTargets = Pick<WorkOrder, 'nodes' | 'refused'>;

/**
 * The nodes of the work (I1); `only` narrows them to those of an earlier run. Throws ApiError BadRequest or
 * NotFound when the targets cannot be read, resolve to too many nodes, or to none.
 */
export const planTargets = (
  targets: Targets,
  fleet: readonly FleetNode[],
  only?: readonly string[],
): PlannedTargets => {
  const { known, unknown } = resolveTargets(targets, fleet);
  const wanted = only && new Set(only);
  const keep = (name: string) => wanted === undefined || wanted.has(name);
  const missing = unknown.filter(keep);
  const nodes = [...known.filter(keep), ...missing];
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

/** Refuses work that is not what was signed, scripts included; the rest was compared when the object was made. */
export const checkSigned = (work: Work): void => {
  const [cause] = signedCauses(work.spec, sha256Hex);
  if (cause !== undefined)
    throw new ApiError('Invalid', `cannot start: ${cause.field}: ${cause.message}`, {
      causes: [{ reason: 'FieldValueInvalid', ...cause }],
    });
};

/** What each node is to do, and for whom. */
export const toTaskSpec = (work: Work): WorkOrder['spec'] => {
  const { requester, signed } = work.spec;
  return {
    ...toDeed(work),
    ...(signed === undefined ? {} : { signed }),
    ...(requester === undefined ? {} : { asker: { ...askerOf(requester), approved: isApproved(work) } }),
  };
};

const askerOf = ({ username, groups }: NonNullable<Work['spec']['requester']>) => ({ username, groups });

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
