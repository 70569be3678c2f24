// Owns Role and ClusterRole (rbac.authorization.k8s.io/v1).
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, LabelSelector, ObjectMeta } from '../meta.ts';
import { nameColumn, textColumn } from '../printing/columns.ts';
import { PolicyRules, rbacGroup, rulesProblems } from './policy-rule.ts';

const closed = { additionalProperties: false } as const;

export const Role = Type.Object(
  {
    apiVersion: Type.Literal('rbac.authorization.k8s.io/v1'),
    kind: Type.Literal('Role'),
    metadata: ObjectMeta,
    rules: PolicyRules,
  },
  { ...closed, description: 'Role is a set of permissions in one namespace.' },
);
export type Role = Static<typeof Role>;

export const ClusterRole = Type.Object(
  {
    apiVersion: Type.Literal('rbac.authorization.k8s.io/v1'),
    kind: Type.Literal('ClusterRole'),
    metadata: ObjectMeta,
    rules: PolicyRules,
    aggregationRule: Type.Optional(
      Type.Object(
        {
          clusterRoleSelectors: Type.Optional(
            Type.Array(LabelSelector, {
              'x-kubernetes-list-type': 'atomic',
              description: 'The rules of every ClusterRole that one of these selects are gathered here.',
            }),
          ),
        },
        { ...closed, description: 'Present: rules are written by the controller, not by people.' },
      ),
    ),
  },
  {
    ...closed,
    description: 'ClusterRole is a set of permissions, for all namespaces or to be bound in one.',
  },
);
export type ClusterRole = Static<typeof ClusterRole>;

const createdAt = textColumn(
  'Created At',
  'When it was made',
  0,
  (o) => o.metadata.creationTimestamp ?? '<unknown>',
);
const rulesOf = (o: KubeObject) => (o as unknown as ClusterRole).rules ?? [];

const both = {
  group: rbacGroup,
  version: 'v1',
  shortNames: [],
  categories: [],
  columns: [nameColumn, createdAt],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  names: 'PathSegment',
} as const;

export const roleKind: Kind = {
  ...both,
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  scope: 'Namespaced',
  schema: Role,
  check: (o) => rulesProblems(rulesOf(o), true),
};

export const clusterRoleKind: Kind = {
  ...both,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  scope: 'Cluster',
  schema: ClusterRole,
  check: (o) => rulesProblems(rulesOf(o), false),
};
