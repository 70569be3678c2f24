// Owns the run policies as they are now, compiled.
// I1: they are compiled anew when one has changed since, and never otherwise; so they are never stale, and a request
//     reads none of them from the store.
import {
  compilePolicies,
  type KubeObject,
  type PolicySet,
  type RunAsker,
  type RunGate,
  type RunPolicy,
  type RunWish,
  runPolicyKind,
  toGate,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

export interface RunPolicies {
  /** See toGate: undefined when nothing in the policies concerns the wish. */
  gateOf(asker: RunAsker, wish: RunWish): RunGate | undefined;
  /** Changes with every change of a policy. */
  revision(): number;
}

// Stored objects have been validated by the schema of their kind.
const asPolicy = (object: KubeObject): RunPolicy => object as unknown as RunPolicy;

export const createRunPolicies = (resources: Pick<Resources, 'list' | 'revision'>): RunPolicies => {
  let seen = -1;
  let compiled: PolicySet = compilePolicies([]);
  const revision = (): number => resources.revision(runPolicyKind);
  return {
    revision,
    gateOf: (asker, wish) => {
      const now = revision();
      if (now !== seen) compiled = compilePolicies(resources.list(runPolicyKind).items.map(asPolicy));
      seen = now;
      return toGate(compiled, asker, wish);
    },
  };
};
