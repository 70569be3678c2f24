// Owns that the ready roles are there and that roles which gather others hold what they should.
// I1: at start ready roles and bindings are made where absent, and what they lack of rules, labels and subjects is
//     put back; what people have added stays. With the annotation autoupdate "false" an object is left alone.
// I2: while it runs, a change of any ClusterRole reaches the roles that gather it; gathered rules that people
//     write by hand are written over.
import {
  ApiError,
  type ClusterRole,
  type ClusterRoleBinding,
  clusterRoleBindingKind,
  clusterRoleKind,
  isEqualJson,
  type Kind,
  type KubeObject,
  notCovered,
} from '@drover/api';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { gatheredRules } from './aggregation.ts';
import { readyBindings, readyRoles, updateAnnotation } from './ready-roles.ts';

export interface RoleKeeper {
  close(): Promise<void>;
}

interface Deps {
  readonly resources: Pick<Resources, 'find' | 'list' | 'create' | 'modify' | 'delete' | 'watch'>;
  readonly log: Log;
}

// Stored objects have been validated by the schema of their kind, and ours fit it.
const asRole = (object: KubeObject): ClusterRole => object as unknown as ClusterRole;
const asBinding = (object: KubeObject): ClusterRoleBinding => object as unknown as ClusterRoleBinding;
const asObject = (object: ClusterRole | ClusterRoleBinding): KubeObject => object as unknown as KubeObject;

const withLabels = (object: KubeObject, ready: KubeObject): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    labels: { ...object.metadata.labels, ...ready.metadata.labels },
    annotations: { ...ready.metadata.annotations, ...object.metadata.annotations },
  },
});

/** A role with what it lacks of the ready one. */
const repairedRole =
  (ready: ClusterRole) =>
  (object: KubeObject): KubeObject => {
    const { rules = [] } = asRole(object);
    const labelled = withLabels(object, asObject(ready));
    const { aggregationRule } = ready;
    if (aggregationRule !== undefined) return { ...labelled, aggregationRule };
    const lacking = (ready.rules ?? []).filter((rule) => notCovered(rules, [rule]).length > 0);
    return { ...labelled, rules: [...rules, ...lacking] };
  };

/** A binding with the subjects that it lacks of the ready one. */
const repairedBinding =
  (ready: ClusterRoleBinding) =>
  (object: KubeObject): KubeObject => {
    const { subjects = [] } = asBinding(object);
    const lacking = (ready.subjects ?? []).filter((one) => !subjects.some((s) => isEqualJson(s, one)));
    return { ...withLabels(object, asObject(ready)), subjects: [...subjects, ...lacking] };
  };

const isLeftAlone = (object: KubeObject): boolean =>
  object.metadata.annotations?.[updateAnnotation] === 'false';

const ensure = async (
  { resources, log }: Deps,
  kind: Kind,
  ready: KubeObject,
  repair: (object: KubeObject) => KubeObject,
): Promise<void> => {
  const { name = '' } = ready.metadata;
  const found = resources.find(kind, '', name);
  if (found === undefined) {
    await resources.create(kind, '', ready).catch((error: unknown) => {
      // Another controller, which begins at the same time, was faster.
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    });
    return;
  }
  if (isLeftAlone(found) || isEqualJson(found, repair(found))) return;
  await resources.modify(kind, '', name, repair);
  log.info({ name }, `the ready ${kind.kind} was repaired`);
};

const ensureBinding = async (deps: Deps, ready: ClusterRoleBinding): Promise<void> => {
  const { name = '' } = ready.metadata;
  const found = deps.resources.find(clusterRoleBindingKind, '', name);
  const isOther = found !== undefined && !isEqualJson(asBinding(found).roleRef, ready.roleRef);
  // Which role it gives cannot be changed: it is made anew.
  if (isOther && !isLeftAlone(found)) await deps.resources.delete(clusterRoleBindingKind, '', name);
  await ensure(deps, clusterRoleBindingKind, asObject(ready), repairedBinding(ready));
};

/** One pass over the roles that gather others; true when something was written, so that another pass is due. */
const gather = async ({ resources }: Deps): Promise<boolean> => {
  const all = resources.list(clusterRoleKind).items.map(asRole);
  let changed = false;
  for (const role of all) {
    const rules = gatheredRules(role, all);
    if (rules === undefined || isEqualJson(rules, role.rules ?? [])) continue;
    await resources.modify(clusterRoleKind, '', role.metadata.name ?? '', (object) =>
      isEqualJson(asRole(object).aggregationRule, role.aggregationRule) ? { ...object, rules } : undefined,
    );
    changed = true;
  }
  return changed;
};

/** Roles may gather roles that gather others, in a ring at worst: that ends here. */
const maxPasses = 10;

const gatherAll = async (deps: Deps): Promise<void> => {
  for (let pass = 0; pass < maxPasses; pass++) if (!(await gather(deps))) return;
};

/** Resolves when every ready role is in force (I1); then keeps I2 until it is closed. */
export const openRoleKeeper = async (deps: Deps): Promise<RoleKeeper> => {
  for (const ready of readyRoles) await ensure(deps, clusterRoleKind, asObject(ready), repairedRole(ready));
  for (const ready of readyBindings) await ensureBinding(deps, ready);
  await gatherAll(deps);
  const stop = new AbortController();
  const follow = { ...deps, signal: stop.signal };
  const following = followKind(follow, clusterRoleKind, () => gatherAll(deps)); // I2
  return {
    close: async () => {
      stop.abort();
      await following;
    },
  };
};
