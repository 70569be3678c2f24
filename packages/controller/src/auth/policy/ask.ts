// Owns putting one write to one policy: is it about it, with which params, and what becomes of what it says.
// I1: a policy that cannot be asked counts as its failurePolicy says.
import {
  apiVersionOf,
  type Kind,
  type KubeObject,
  type loadedPolicies,
  matchLabels,
  matchRules,
  type PolicyObjectName,
  type PolicyTarget,
  resourceKey,
  serviceAccountGroups,
  serviceAccountUser,
} from '@drover/api';
import type { CompiledPolicy, Review } from '@drover/api/policy';
import type { Identity } from '../identity.ts';
import type { Attributes, Decision } from '../permissions.ts';
import { collectParams } from './params.ts';
import type { BoundPolicy, Policies, PolicyReader } from './policies.ts';
import { type PolicyRequest, toRequest } from './request.ts';
import type { Verdict } from './verdict.ts';

export interface PolicyDeps {
  readonly resources: PolicyReader;
  readonly authorize: (identity: Identity, attributes: Attributes) => Decision;
}

type Evaluator = NonNullable<ReturnType<typeof loadedPolicies>>;

export const isNamespace = (kind: Kind): boolean => kind.kind === 'Namespace' && kind.group === '';

const askWith =
  ({ authorize }: PolicyDeps, identity: Identity): Review['ask'] =>
  ({ verb, path, group = '', resource = '', subresource, namespace, name, account }) => {
    const who: Identity =
      account === undefined
        ? identity
        : {
            kind: 'user',
            name: serviceAccountUser(account.namespace, account.name),
            groups: serviceAccountGroups(account.namespace),
          };
    if (path !== undefined) return authorize(who, { verb, resource: '', url: { verb, path } });
    return authorize(who, {
      verb,
      resource: resourceKey({ group, plural: resource }),
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    });
  };

/** Of policies as they are stored: those never change. */
const compiled = new WeakMap<object, CompiledPolicy | Error>();

const compile = ({ compilePolicy }: Evaluator, { policy }: BoundPolicy): CompiledPolicy | Error => {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  let made: CompiledPolicy | Error;
  try {
    made = compilePolicy(policy);
  } catch (error) {
    made = error instanceof Error ? error : new Error(String(error));
  }
  compiled.set(policy, made);
  return made;
};

/** All that is the same for every policy that one write is put to. */
export interface Asking {
  readonly deps: PolicyDeps & { readonly policies: Policies };
  readonly evaluator: Evaluator;
  readonly request: PolicyRequest;
  readonly target: PolicyTarget;
  readonly at: PolicyObjectName;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  readonly namespaceObject: KubeObject | undefined;
  readonly budget: ReturnType<Evaluator['newReviewBudget']>;
  /** Values of objects, for all policies. */
  readonly shown: NonNullable<Parameters<Evaluator['evaluatePolicy']>[3]>;
  readonly verdict: Verdict;
}

const labelsOf = ({ target, before, after, namespaceObject, request, at }: Asking) => {
  const own = isNamespace(request.kind);
  // A namespace that is made or changed is judged by what it will be.
  const isChanged = own && target.subresource === '' && after !== undefined;
  const namespace = isChanged ? after : own ? before : namespaceObject;
  return {
    namespace: at.namespace === '' ? undefined : (namespace?.metadata.labels ?? {}),
    objects: [after, before].flatMap((object) => (object === undefined ? [] : [object.metadata.labels])),
  };
};

const inVersion = (object: KubeObject | undefined, kind: Kind, version: string): KubeObject | undefined =>
  object === undefined || version === kind.version || object.apiVersion !== apiVersionOf(kind)
    ? object
    : { ...object, apiVersion: apiVersionOf({ group: kind.group, version }) };

const evaluate = (
  asking: Asking,
  policy: CompiledPolicy,
  params: KubeObject | undefined,
  version: string,
): ReturnType<Evaluator['evaluatePolicy']> => {
  const { deps, evaluator, request, target, at, before, after, namespaceObject } = asking;
  const { kind, subresource } = request;
  const review: Review = {
    object: inVersion(after, kind, version),
    oldObject: inVersion(before, kind, version),
    params,
    namespaceObject: isNamespace(kind) ? undefined : namespaceObject,
    request: toRequest(request, target, at.namespace, version),
    requestResource: {
      group: kind.group,
      resource: kind.plural,
      ...(subresource === undefined ? {} : { subresource }),
      namespace: at.namespace,
      name: request.name,
    },
    ask: askWith(deps, request.identity),
  };
  return evaluator.evaluatePolicy(policy, review, asking.budget, asking.shown);
};

const askBinding = (
  asking: Asking,
  bound: BoundPolicy,
  binding: BoundPolicy['bindings'][number],
  version: string,
): void => {
  const { deps, evaluator, target, at, verdict } = asking;
  const { matchResources } = binding.spec;
  const isAbout =
    matchResources === undefined ||
    (matchRules(matchResources, target, at) !== undefined && matchLabels(matchResources, labelsOf(asking)));
  if (!isAbout) return;
  const policy = bound.policy.metadata.name ?? '';
  const name = binding.metadata.name ?? '';
  const usable = compile(evaluator, bound);
  const params = collectParams(deps, bound.policy, binding, at.namespace);
  if (usable instanceof Error || params.kind === 'failed') {
    // I1.
    if (bound.policy.spec.failurePolicy === 'Ignore') return;
    if (usable instanceof Error)
      verdict.deny({ policy, message: `failed to configure policy: ${usable.message}` });
    else if (params.kind === 'failed')
      verdict.deny({ policy, binding: name, message: `failed to configure binding: ${params.why}` });
    return;
  }
  for (const object of params.objects) {
    const { failures, annotations, errors } = evaluate(asking, usable, object, version);
    for (const failure of failures) verdict.fail(policy, binding, failure);
    for (const { key, value } of annotations) verdict.annotate(policy, key, value);
    for (const message of errors) verdict.deny({ policy, binding: name, message });
  }
};

/** Tells the verdict what the policy says. */
export const askPolicy = (asking: Asking, bound: BoundPolicy): void => {
  const { matchConstraints } = bound.policy.spec;
  if (matchConstraints === undefined) return;
  const version = matchRules(matchConstraints, asking.target, asking.at);
  if (version === undefined || !matchLabels(matchConstraints, labelsOf(asking))) return;
  for (const binding of bound.bindings) askBinding(asking, bound, binding, version);
};
