// Owns which policies may be about a request: policies and their bindings as they are now, by kind and operation.
// I1: what is known is remade when a policy, a binding or the kinds have changed since, and never otherwise; so a policy
//     counts from the answer to its writing on, and a request that none is about costs one look into a map.
import {
  apiVersionOf,
  asPolicy,
  asPolicyBinding,
  type Kind,
  mayMatch,
  type PolicyTarget,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
  validatingAdmissionPolicyBindingKind,
  validatingAdmissionPolicyKind,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

/** A policy, with all bindings that put it to work. */
export interface BoundPolicy {
  readonly policy: ValidatingAdmissionPolicy;
  readonly bindings: readonly ValidatingAdmissionPolicyBinding[];
}

export type PolicyReader = Pick<Resources, 'find' | 'list' | 'revision' | 'kinds'>;

export interface Policies {
  /** Whether nothing is asked of anybody. */
  isEmpty(): boolean;
  /** Policies that may be about such a request, by name. */
  about(target: PolicyTarget): readonly BoundPolicy[];
  /** All versions of a kind that are served. */
  versionsOf(kind: Kind): readonly string[];
  /** The kind of params; undefined when it is not served. */
  paramKind(apiVersion: string, kind: string): Kind | undefined;
}

const readPolicies = (resources: PolicyReader): readonly BoundPolicy[] => {
  const bindings = Map.groupBy(
    resources.list(validatingAdmissionPolicyBindingKind).items.map(asPolicyBinding),
    ({ spec }) => spec.policyName ?? '',
  );
  return resources.list(validatingAdmissionPolicyKind).items.flatMap((object) => {
    const policy = asPolicy(object);
    const own = bindings.get(policy.metadata.name ?? '') ?? [];
    return own.length === 0 ? [] : [{ policy, bindings: own }];
  });
};

const none: readonly BoundPolicy[] = [];

export const createPolicies = (resources: PolicyReader): Policies => {
  let seen: readonly unknown[] = [];
  let all: readonly BoundPolicy[] = none;
  /** Bounded by what is served: kinds, their subresources and four operations. */
  const known = new Map<string, readonly BoundPolicy[]>();
  const versions = new WeakMap<Kind, readonly string[]>();

  /** I1. */
  const refresh = (): void => {
    const policyRevision = resources.revision(validatingAdmissionPolicyKind);
    const bindingRevision = resources.revision(validatingAdmissionPolicyBindingKind);
    const { kinds } = resources;
    if (seen[0] === policyRevision && seen[1] === bindingRevision && seen[2] === kinds) return;
    seen = [policyRevision, bindingRevision, kinds];
    all = readPolicies(resources);
    known.clear();
  };

  const read = (target: PolicyTarget): readonly BoundPolicy[] =>
    all.filter(
      ({ policy, bindings }) =>
        policy.spec.matchConstraints !== undefined &&
        mayMatch(policy.spec.matchConstraints, target) &&
        bindings.some(
          ({ spec }) => spec.matchResources === undefined || mayMatch(spec.matchResources, target),
        ),
    );

  return {
    isEmpty: () => {
      refresh();
      return all.length === 0;
    },
    about: (target) => {
      refresh();
      if (all.length === 0) return none;
      const { group, version, plural, subresource, operation } = target;
      const key = `${operation} ${plural}/${subresource} ${group}/${version}`;
      const found = known.get(key) ?? read(target);
      known.set(key, found);
      return found;
    },
    versionsOf: (kind) => {
      if (kind.custom === undefined) return [kind.version];
      const found =
        versions.get(kind) ??
        resources.kinds
          .filter(({ group, plural }) => group === kind.group && plural === kind.plural)
          .map(({ version }) => version);
      versions.set(kind, found);
      return found;
    },
    paramKind: (apiVersion, kind) =>
      resources.kinds.find(
        (one) => one.transient !== true && one.kind === kind && apiVersionOf(one) === apiVersion,
      ),
  };
};
