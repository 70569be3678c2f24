// Owns how it comes that somebody may do something: bindings, the roles that they give, and the rules in those (pure).
// I1: the controller decides (SubjectAccessReview); this only shows the ways that lead there, by the same matcher of rules.
import type {
  ClusterRole,
  ClusterRoleBinding,
  Group,
  PolicyRule,
  Role,
  RoleBinding,
  ServiceAccount,
  User,
} from '@drover/api';
import { allows } from '@drover/api/rbac';

export interface Who {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  readonly name: string;
  /** Of a service account. */
  readonly namespace?: string | undefined;
}

export interface AccessFacts {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  readonly accounts: readonly ServiceAccount[];
  readonly roles: readonly Role[];
  readonly clusterRoles: readonly ClusterRole[];
  readonly roleBindings: readonly RoleBinding[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
}

export type AnyBinding = RoleBinding | ClusterRoleBinding;

/** One way on which somebody has rules. */
export interface Grant {
  readonly binding: AnyBinding;
  /** 'User:alice', or the group through which it comes. */
  readonly through: string;
  /** undefined: the role does not exist, and the binding gives nothing. */
  readonly rules: readonly PolicyRule[] | undefined;
}

/** As a request asks for it; `resource` may hold a subresource: nodes/shell. */
export interface Asked {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

export interface AccessModel {
  /** Everybody who is known, or named by a binding. */
  readonly subjects: readonly Who[];
  groupsOf(who: Who): readonly string[];
  /** In this namespace and everywhere; '' is everywhere only. */
  grantsOf(who: Who, namespace: string): readonly Grant[];
  /** Roles that would allow it, with where they are: '' is a ClusterRole. */
  rolesFor(asked: Asked): readonly { readonly name: string; readonly namespace: string }[];
}

const authenticated = 'system:authenticated';

/** The name under which the controller knows them as a user. */
export const userNameOf = ({ kind, name, namespace = '' }: Who): string =>
  kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name;

export const keyOf = (who: Who): string =>
  who.kind === 'Group' ? `Group:${who.name}` : `User:${userNameOf(who)}`;

/** 'alice', 'ops', 'default/ci' */
export const titleOf = ({ kind, name, namespace = '' }: Who): string =>
  kind === 'ServiceAccount' ? `${namespace}/${name}` : name;

/** Whom somebody means who types 'alice', 'Group:ops' or 'system:serviceaccount:default:ci'. */
export const parseWho = (text: string): Who => {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(text);
  if (account !== null)
    return { kind: 'ServiceAccount', name: account[2] ?? '', namespace: account[1] ?? '' };
  return text.startsWith('Group:')
    ? { kind: 'Group', name: text.slice('Group:'.length) }
    : { kind: 'User', name: text.replace(/^User:/, '') };
};

const groupsOfUser = (user: User | undefined, name: string, groups: readonly Group[]): readonly string[] => [
  ...(name === 'admin' ? ['system:masters'] : []),
  ...groups.filter(({ spec }) => spec.members.includes(name)).map(({ metadata }) => metadata.name ?? ''),
  ...(user?.status?.externalGroups ?? []).filter((group) => !group.startsWith('system:')),
  authenticated,
];

const groupsOfAccount = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
  authenticated,
];

const allSubjects = (facts: AccessFacts, bindings: readonly AnyBinding[]): readonly Who[] => {
  const found: readonly Who[] = [
    ...facts.users.map(({ metadata }) => ({ kind: 'User', name: metadata.name ?? '' }) as const),
    ...facts.groups.map(({ metadata }) => ({ kind: 'Group', name: metadata.name ?? '' }) as const),
    ...facts.accounts.map(
      ({ metadata: { name = '', namespace = '' } }) => ({ kind: 'ServiceAccount', name, namespace }) as const,
    ),
    ...bindings.flatMap(({ subjects = [] }) =>
      subjects.map(({ kind, name, namespace }) => ({ kind, name, namespace })),
    ),
  ];
  return [...new Map(found.map((who) => [keyOf(who), who])).values()];
};

const indexBindings = (bindings: readonly AnyBinding[]): ReadonlyMap<string, readonly AnyBinding[]> => {
  const found = new Map<string, AnyBinding[]>();
  for (const binding of bindings)
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject);
      const known = found.get(key);
      if (known === undefined) found.set(key, [binding]);
      else known.push(binding);
    }
  return found;
};

export const createModel = (facts: AccessFacts): AccessModel => {
  const bindings = [...facts.clusterRoleBindings, ...facts.roleBindings];
  const bySubject = indexBindings(bindings);
  const users = new Map(facts.users.map((user) => [user.metadata.name ?? '', user]));
  const rules = new Map<string, readonly PolicyRule[]>([
    ...facts.clusterRoles.map((role) => [`/${role.metadata.name}`, role.rules ?? []] as const),
    ...facts.roles.map(
      (role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules ?? []] as const,
    ),
  ]);
  const rulesOf = ({ roleRef, metadata }: AnyBinding): readonly PolicyRule[] | undefined =>
    rules.get(`${roleRef.kind === 'Role' ? metadata.namespace : ''}/${roleRef.name}`);
  const groupsOf = (who: Who): readonly string[] => {
    if (who.kind === 'Group') return [who.name];
    if (who.kind === 'ServiceAccount') return groupsOfAccount(who.namespace ?? '');
    return groupsOfUser(users.get(who.name), who.name, facts.groups);
  };
  const isIn = ({ metadata }: AnyBinding, namespace: string): boolean =>
    metadata.namespace === undefined || metadata.namespace === namespace;
  return {
    subjects: allSubjects(facts, bindings),
    groupsOf,
    grantsOf: (who, namespace) =>
      [...new Set([keyOf(who), ...groupsOf(who).map((group) => `Group:${group}`)])].flatMap((through) =>
        (bySubject.get(through) ?? [])
          .filter((binding) => isIn(binding, namespace))
          .map((binding) => ({ binding, through, rules: rulesOf(binding) })),
      ),
    rolesFor: (asked) =>
      [...facts.clusterRoles, ...facts.roles]
        .filter((role) => (role.rules ?? []).some((rule) => allows(rule, asked)))
        .map(({ metadata: { name = '', namespace = '' } }) => ({ name, namespace })),
  };
};

export const verbs = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
] as const;

/** Which of the verbs the grants allow on a resource, on any object of it. */
export const allowedVerbs = (
  grants: readonly Grant[],
  { group, resource }: Pick<Asked, 'group' | 'resource'>,
): readonly string[] =>
  verbs.filter((verb) =>
    grants.some(({ rules = [] }) => rules.some((rule) => allows(rule, { verb, group, resource, name: '' }))),
  );

/** The rules, with their ways, that allow what is asked. */
export const waysTo = (
  grants: readonly Grant[],
  asked: Asked,
): readonly { readonly grant: Grant; readonly rule: PolicyRule }[] =>
  grants.flatMap((grant) =>
    (grant.rules ?? []).filter((rule) => allows(rule, asked)).map((rule) => ({ grant, rule })),
  );
