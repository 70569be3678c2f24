// Owns RoleBinding and ClusterRoleBinding (rbac.authorization.k8s.io/v1): who has which role.
// I1: which role a binding gives never changes; it is made anew instead.
import { type Static, type TSchema, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { isEqualJson } from '../patch/json.ts';
import { ageColumn, nameColumn, textColumn } from '../printing/columns.ts';
import { rbacGroup } from './policy-rule.ts';
import { serviceAccountUser } from './service-account.ts';

const closed = { additionalProperties: false } as const;

const Subject = Type.Object(
  {
    kind: Type.Union([Type.Literal('User'), Type.Literal('Group'), Type.Literal('ServiceAccount')], {
      description: 'What name names.',
    }),
    apiGroup: Type.Optional(
      Type.String({ description: '"" for ServiceAccount, rbac.authorization.k8s.io for User and Group.' }),
    ),
    name: Type.String({ minLength: 1, description: 'Name of the user, group or service account.' }),
    namespace: Type.Optional(Type.String({ description: 'Of the service account.' })),
  },
  { ...closed, description: 'A user, a group or a service account.' },
);

const roleRef = <K extends TSchema>(kind: K) =>
  Type.Object(
    {
      apiGroup: Type.String({ default: rbacGroup, description: 'rbac.authorization.k8s.io' }),
      kind,
      name: Type.String({ minLength: 1, description: 'Name of the role.' }),
    },
    { ...closed, description: 'The role; cannot be changed.' },
  );

/** A list of people and programs; absent where it says nothing. */
export const subjectList = (description: string) =>
  Type.Optional(Type.Array(Subject, { 'x-kubernetes-list-type': 'atomic', description }));

const Subjects = subjectList('Who has the role.');

export const RoleBinding = Type.Object(
  {
    apiVersion: Type.Literal('rbac.authorization.k8s.io/v1'),
    kind: Type.Literal('RoleBinding'),
    metadata: ObjectMeta,
    subjects: Subjects,
    roleRef: roleRef(
      Type.Union([Type.Literal('Role'), Type.Literal('ClusterRole')], {
        description: 'Role or ClusterRole.',
      }),
    ),
  },
  { ...closed, description: 'RoleBinding gives a role in one namespace.' },
);
export type RoleBinding = Static<typeof RoleBinding>;

export const ClusterRoleBinding = Type.Object(
  {
    apiVersion: Type.Literal('rbac.authorization.k8s.io/v1'),
    kind: Type.Literal('ClusterRoleBinding'),
    metadata: ObjectMeta,
    subjects: Subjects,
    roleRef: roleRef(Type.Literal('ClusterRole', { description: 'ClusterRole.' })),
  },
  { ...closed, description: 'ClusterRoleBinding gives a ClusterRole in all namespaces.' },
);
export type ClusterRoleBinding = Static<typeof ClusterRoleBinding>;

export type BindingSubject = Static<typeof Subject>;

const binding = (o: KubeObject) => o as unknown as RoleBinding;
const subjectsOf = (o: KubeObject): readonly BindingSubject[] => binding(o).subjects ?? [];

const groupOfSubject = ({ kind }: BindingSubject): string => (kind === 'ServiceAccount' ? '' : rbacGroup);

/** Subjects as they are stored. */
export const withApiGroups = (subjects: readonly BindingSubject[]): readonly BindingSubject[] =>
  subjects.map((s) => ({ ...s, apiGroup: s.apiGroup ?? groupOfSubject(s) }));

const withGroups = (o: KubeObject): KubeObject =>
  binding(o).subjects === undefined ? o : { ...o, subjects: withApiGroups(subjectsOf(o)) };

/** 'User:alice', 'Group:ops'; a service account is the user that it is known as. */
export const subjectKey = ({ kind, name, namespace = '' }: BindingSubject): string =>
  kind === 'ServiceAccount' ? `User:${serviceAccountUser(namespace, name)}` : `${kind}:${name}`;

export const subjectProblems = (subject: BindingSubject, field: string) => [
  ...(subject.apiGroup === groupOfSubject(subject)
    ? []
    : [{ field: `${field}.apiGroup`, message: `must be "${groupOfSubject(subject)}"` }]),
  ...(subject.kind === 'ServiceAccount' && !subject.namespace
    ? [{ field: `${field}.namespace`, message: 'a service account has a namespace' }]
    : []),
];

const check = (o: KubeObject) => [
  ...(binding(o).roleRef?.apiGroup === rbacGroup
    ? []
    : [{ field: 'roleRef.apiGroup', message: `must be "${rbacGroup}"` }]),
  ...subjectsOf(o).flatMap((subject, index) => subjectProblems(subject, `subjects[${index}]`)),
];

const names = (kind: BindingSubject['kind']) => (o: KubeObject) =>
  subjectsOf(o)
    .filter((s) => s.kind === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${s.namespace}/${s.name}` : s.name))
    .join(', ');

const role = (o: KubeObject): string => {
  const { kind = '', name = '' } = binding(o).roleRef ?? {};
  return `${kind}/${name}`;
};

const both = {
  group: rbacGroup,
  version: 'v1',
  shortNames: [],
  categories: [],
  columns: [
    nameColumn,
    textColumn('Role', 'The role that is given', 0, role),
    ageColumn,
    textColumn('Users', 'Users who have it', 1, names('User')),
    textColumn('Groups', 'Groups that have it', 1, names('Group')),
    textColumn('ServiceAccounts', 'Service accounts that have it', 1, names('ServiceAccount')),
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  names: 'PathSegment',
  normalize: withGroups,
  check,
  checkUpdate: (before: KubeObject, after: KubeObject) =>
    isEqualJson(binding(before).roleRef, binding(after).roleRef)
      ? []
      : [{ field: 'roleRef', message: 'cannot change roleRef: delete the binding and make it anew' }],
} as const;

export const roleBindingKind: Kind = {
  ...both,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
  scope: 'Namespaced',
  schema: RoleBinding,
};

export const clusterRoleBindingKind: Kind = {
  ...both,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  scope: 'Cluster',
  schema: ClusterRoleBinding,
};
