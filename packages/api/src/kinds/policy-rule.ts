// Owns the rules of roles: their schema and what Kubernetes refuses of them.
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const words = (description: string) =>
  Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic', description }));

export const rbacGroup = 'rbac.authorization.k8s.io';

export const PolicyRule = Type.Object(
  {
    verbs: Type.Array(Type.String(), {
      minItems: 1,
      'x-kubernetes-list-type': 'atomic',
      description: 'What may be done: get, list, watch, create ... or "*".',
    }),
    apiGroups: words('Groups of the resources; "" is core, "*" is every group.'),
    resources: words('Resources such as nodes, nodes/status, */status; "*" is every resource.'),
    resourceNames: words('Only objects of these names; empty is every object.'),
    nonResourceURLs: words('Paths that are not resources; a "*" at the end stands for any rest.'),
  },
  { ...closed, description: 'One permission: verbs on resources, or verbs on paths.' },
);
export type PolicyRule = Static<typeof PolicyRule>;

export const PolicyRules = Type.Optional(
  Type.Array(PolicyRule, { 'x-kubernetes-list-type': 'atomic', description: 'What the role allows.' }),
);

type Problem = { readonly field: string; readonly message: string };

const pathProblems = (rule: PolicyRule, field: string, namespaced: boolean): readonly Problem[] => {
  if (namespaced)
    return [
      { field: `${field}.nonResourceURLs`, message: 'namespaced rules cannot apply to non-resource URLs' },
    ];
  const others = [rule.apiGroups, rule.resources, rule.resourceNames].some((list) => (list ?? []).length > 0);
  const message = 'rules cannot apply to both regular resources and non-resource URLs';
  return others ? [{ field: `${field}.nonResourceURLs`, message }] : [];
};

const ruleProblems = (rule: PolicyRule, field: string, namespaced: boolean): readonly Problem[] => {
  if ((rule.nonResourceURLs ?? []).length > 0) return pathProblems(rule, field, namespaced);
  const needed = { apiGroups: 'api group', resources: 'resource' } as const;
  return (['apiGroups', 'resources'] as const)
    .filter((list) => (rule[list] ?? []).length === 0)
    .map((list) => ({
      field: `${field}.${list}`,
      message: `resource rules must supply at least one ${needed[list]}`,
    }));
};

/** Problems of a role's rules, as Kubernetes' own validation tells them. */
export const rulesProblems = (rules: readonly PolicyRule[], namespaced: boolean): readonly Problem[] =>
  rules.flatMap((rule, index) => ruleProblems(rule, `rules[${index}]`, namespaced));
