// Owns which objects a binding gives its policy as params, in the words of Kubernetes where there are none.
import {
  type KubeObject,
  toLabelMatcher,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from '@drover/api';
import type { Policies, PolicyReader } from './policies.ts';

export type Params =
  /** The policy is asked once with each; with undefined where it has no params. */
  | { readonly kind: 'found'; readonly objects: readonly (KubeObject | undefined)[] }
  | { readonly kind: 'failed'; readonly why: string };

const failed = (why: string): Params => ({ kind: 'failed', why });

type ParamRef = NonNullable<ValidatingAdmissionPolicyBinding['spec']['paramRef']>;

/** Where they are to be looked for; '' for params in no namespace. */
const placeOf = (
  isNamespaced: boolean,
  paramRef: ParamRef,
  namespace: string,
): { readonly namespace: string } | { readonly why: string } => {
  const given = paramRef.namespace ?? '';
  if (!isNamespaced)
    return given === ''
      ? { namespace: '' }
      : { why: 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`' };
  if (given === '' && namespace === '')
    return { why: 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources' };
  return { namespace: given === '' ? namespace : given };
};

/** `namespace`: that of the request, '' for an object in none. */
export const collectParams = (
  deps: { readonly resources: PolicyReader; readonly policies: Policies },
  { spec: { paramKind } }: ValidatingAdmissionPolicy,
  { spec: { paramRef } }: ValidatingAdmissionPolicyBinding,
  namespace: string,
): Params => {
  if (paramKind === undefined || paramRef === undefined) return { kind: 'found', objects: [undefined] };
  const { apiVersion = '', kind: word = '' } = paramKind;
  const kind = deps.policies.paramKind(apiVersion, word);
  if (kind === undefined) return failed(`paramKind kind \`${apiVersion}, Kind=${word}\` not known`);
  const place = placeOf(kind.scope === 'Namespaced', paramRef, namespace);
  if ('why' in place) return failed(place.why);
  const objects: KubeObject[] = [];
  if (paramRef.name) {
    const found = deps.resources.find(kind, place.namespace, paramRef.name);
    if (found !== undefined) objects.push(found);
  } else {
    const isChosen = toLabelMatcher(paramRef.selector ?? {});
    const { items } = deps.resources.list(
      kind,
      kind.scope === 'Namespaced' ? { namespace: place.namespace } : {},
    );
    objects.push(...items.filter(({ metadata }) => isChosen(metadata.labels)));
  }
  if (objects.length === 0 && paramRef.parameterNotFoundAction === 'Deny')
    return failed('no params found for policy binding with `Deny` parameterNotFoundAction');
  return { kind: 'found', objects };
};
