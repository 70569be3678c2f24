// Owns that nobody slips out of a run policy by giving a node another label.
// I1: a label by which a policy selects nodes is set, changed and taken away only by who may change that policy. Other
//     labels are as free as the roles leave them.
import { type KubeObject, nodeKind, type RunPolicy, resourceKey, runPolicyKind } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { forbidden } from '../forbidden.ts';
import type { Identity } from '../identity.ts';
import type { Attributes, Decision } from '../permissions.ts';
import type { WriteGuard } from '../rbac/escalation.ts';

interface Deps {
  readonly resources: Pick<Resources, 'list'>;
  readonly authorize: (identity: Identity, attributes: Attributes) => Decision;
}

const keysOf = ({ spec }: RunPolicy): readonly string[] => [
  ...Object.keys(spec.nodes?.matchLabels ?? {}),
  ...(spec.nodes?.matchExpressions ?? []).map(({ key }) => key),
];

const labelOf = (node: KubeObject | undefined, key: string): string | undefined =>
  node?.metadata.labels?.[key];

/** For writes of nodes. Throws Forbidden. */
export const guardLabels =
  ({ resources, authorize }: Deps, identity: Identity): WriteGuard =>
  (before, after) => {
    for (const object of resources.list(runPolicyKind).items) {
      // Stored objects have been validated by the schema of their kind.
      const policy = object as unknown as RunPolicy;
      const key = keysOf(policy).find((one) => labelOf(before, one) !== labelOf(after, one));
      if (key === undefined) continue;
      const name = policy.metadata.name ?? '';
      const wanted = { verb: 'update', resource: resourceKey(runPolicyKind), name };
      if (authorize(identity, wanted).allowed) continue;
      const asked = { verb: 'update', resource: resourceKey(nodeKind), name: after.metadata.name ?? '' };
      throw forbidden(
        identity,
        asked,
        `run policy ${name} selects nodes by the label ${key}: who may not change that policy may not change the label`,
      );
    }
  };
