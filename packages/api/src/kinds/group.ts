// Owns Group (drover.dev/v1alpha1): people who get roles together.
// Membership stands in the group and not in the user: who may correct somebody's name or mail cannot thereby give them
// rights, and what a group gives is weighed in one place when its members change (auth/rbac/escalation.ts).
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { maxPersonName, personNameCauses } from './person-name.ts';

const closed = { additionalProperties: false } as const;

export const Group = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('Group'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        displayName: Type.Optional(Type.String({ maxLength: 200, description: 'How people call it.' })),
        members: Type.Array(Type.String({ minLength: 1, maxLength: maxPersonName }), {
          default: [],
          maxItems: 10_000,
          uniqueItems: true,
          'x-kubernetes-list-type': 'set',
          description: 'Names of users. A provider or directory may bring more when it signs them in.',
        }),
        requireSecondFactor: Type.Boolean({
          default: false,
          description: 'True: a password alone does not sign members in.',
        }),
      },
      { ...closed, default: {}, description: 'Who is in it.' },
    ),
  },
  { ...closed, description: 'Group is people who get roles together.' },
);
export type Group = Static<typeof Group>;

const group = (o: KubeObject) => o as unknown as Group;

export const groupKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'Group',
  plural: 'groups',
  singular: 'group',
  shortNames: [],
  categories: [],
  scope: 'Cluster',
  names: 'PathSegment',
  schema: Group,
  columns: [
    textColumn('Display Name', 'How people call it', 0, (o) => group(o).spec.displayName ?? ''),
    {
      name: 'Members',
      type: 'integer',
      description: 'How many users it names',
      priority: 0,
      cell: (o) => group(o).spec.members.length,
    },
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check: personNameCauses,
};
