// Owns that every write which somebody asks for is put to the policies (ValidatingAdmissionPolicy) that are about it.
// I1: policies see the object just as it would be stored, beside what it is now: after defaults, validation and roles, in the
//     same step as the write. Whoever was faster makes the write be tried again, and the policies be asked again.
// I2: what the controllers write of themselves is no request: nobody asked for it, and no policy is asked.
// I3: policies and bindings are not put to policies: nobody can lock himself out (api: policy/match.ts I1).
import {
  ApiError,
  type KubeObject,
  loadedPolicies,
  loadPolicies,
  namespaceKind,
  type PolicyOperation,
  resourceKey,
} from '@drover/api';
import { type Asking, askPolicy, isNamespace, type PolicyDeps } from './ask.ts';
import { createPolicies } from './policies.ts';
import type { PolicyRequest } from './request.ts';
import { Verdict } from './verdict.ts';

/** `before` undefined: it is made. `after` undefined: it is deleted. Throws what the policy says. */
export type PolicyGuard = (before: KubeObject | undefined, after: KubeObject | undefined) => void;

export interface PolicyGate {
  /** To be awaited before a guard is used: policies are loaded with the first that there is. */
  ready(): Promise<void>;
  guard(request: PolicyRequest): PolicyGuard;
}

const operationOf = (before: KubeObject | undefined, after: KubeObject | undefined): PolicyOperation =>
  before === undefined ? 'CREATE' : after === undefined ? 'DELETE' : 'UPDATE';

const notLoaded = (): ApiError =>
  new ApiError(
    'ServiceUnavailable',
    'cannot ask the policies: the first has only just been made; try again',
    {
      retryAfterSeconds: 1,
    },
  );

export const createPolicyGate = (deps: PolicyDeps): PolicyGate => {
  const { resources } = deps;
  const policies = createPolicies(resources);

  const guard =
    (request: PolicyRequest): PolicyGuard =>
    (before, after) => {
      const { kind, subresource = '', namespace } = request;
      const { group, version, plural } = kind;
      const versions = policies.versionsOf(kind);
      const operation = request.operation ?? operationOf(before, after);
      const target = { group, version, versions, plural, subresource, operation };
      const about = policies.about(target);
      if (about.length === 0) return;
      const evaluator = loadedPolicies();
      if (evaluator === undefined) throw notLoaded();
      // One of many that are deleted at once has no name in the request.
      const name = request.name === '' && after === undefined ? (before?.metadata.name ?? '') : request.name;
      const shown = (after ?? before)?.metadata.name ?? name;
      const verdict = new Verdict(request.onWarning);
      const asking: Asking = {
        deps: { ...deps, policies },
        evaluator,
        request: { ...request, name },
        target,
        at: { namespace: isNamespace(kind) ? shown : namespace, name },
        before,
        after,
        namespaceObject: namespace === '' ? undefined : resources.find(namespaceKind, '', namespace),
        budget: evaluator.newReviewBudget(),
        shown: new Map(),
        verdict,
      };
      for (const bound of about) askPolicy(asking, bound);
      request.onNote(verdict.note);
      const refusal = verdict.refusal(`${resourceKey(kind)} "${shown}"`, {
        name: shown,
        group,
        kind: plural,
      });
      if (refusal !== undefined) throw refusal;
    };

  return {
    ready: async () => {
      if (!policies.isEmpty()) await loadPolicies();
    },
    guard,
  };
};
