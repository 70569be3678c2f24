import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { labelCauses } from '../validation/metadata.ts';
import { nodeSetCauses } from './node-set-check.ts';

const closed = { additionalProperties: false } as const;

export const EnrollmentTokenSpec = Type.Object(
  {
    expiresAt: Type.Optional(Type.String({ description: 'RFC 3339; absent: one hour after creation.' })),
    maxUses: Type.Integer({
      minimum: 1,
      maximum: 100000,
      default: 1,
      description: 'How many servers may join with it.',
    }),
    approval: Type.Union([Type.Literal('Automatic'), Type.Literal('Manual')], {
      default: 'Automatic',
      description: 'Automatic: a request that carries this token is approved. Manual: it waits in the queue.',
    }),
    nodeNamePattern: Type.Optional(
      Type.String({ description: 'Node-set expression that the name must be in for automatic approval.' }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Labels of nodes enrolled with it.' }),
    ),
    revoked: Type.Boolean({
      default: false,
      description: 'Set to true to let nobody join with it any more.',
    }),
  },
  { ...closed, description: 'Who may join with it, and how.' },
);

export const EnrollmentToken = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('EnrollmentToken'),
    metadata: ObjectMeta,
    spec: EnrollmentTokenSpec,
    status: Type.Optional(
      Type.Object(
        {
          uses: Type.Optional(Type.Integer({ description: 'How many servers have joined with it.' })),
          claims: Type.Optional(
            Type.Array(Type.String(), {
              description: 'Uids of requests that are counted in uses and are not yet at their end.',
            }),
          ),
          phase: Type.Optional(
            Type.Union(
              ['Active', 'Expired', 'Used', 'Revoked'].map((p) => Type.Literal(p as 'Active')),
              { description: 'Whether it can be used, or why not.' },
            ),
          ),
          tokenSha256: Type.Optional(
            Type.String({ description: 'Hash of the secret; the secret itself is shown once.' }),
          ),
          joinCommand: Type.Optional(
            Type.String({
              description: 'Only in the answer to the creation: the line to paste on a server.',
            }),
          ),
        },
        { ...closed, description: 'What has become of it so far.' },
      ),
    ),
  },
  { ...closed, description: 'Lets servers join the fleet: expiring, counted, revocable.' },
);
export type EnrollmentToken = Static<typeof EnrollmentToken>;

const token = (o: KubeObject) => o as unknown as EnrollmentToken;

export const enrollmentTokenKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'EnrollmentToken',
  plural: 'enrollmenttokens',
  singular: 'enrollmenttoken',
  shortNames: ['et', 'token'],
  categories: [],
  scope: 'Cluster',
  schema: EnrollmentToken,
  columns: [
    {
      name: 'Phase',
      type: 'string',
      description: 'Whether it can be used',
      priority: 0,
      cell: (o) => token(o).status?.phase ?? 'Active',
    },
    {
      name: 'Uses',
      type: 'string',
      description: 'Used of allowed',
      priority: 0,
      cell: (o) => `${token(o).status?.uses ?? 0}/${token(o).spec.maxUses}`,
    },
    {
      name: 'Approval',
      type: 'string',
      description: 'How requests are approved',
      priority: 0,
      cell: (o) => token(o).spec.approval,
    },
    {
      name: 'Expires',
      type: 'string',
      description: 'When it expires',
      priority: 0,
      cell: (o) => token(o).spec.expiresAt ?? '',
    },
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: ['spec.labels', 'spec.nodeNamePattern', 'spec.approval'],
  check: (o) => [
    ...nodeSetCauses('spec.nodeNamePattern', token(o).spec.nodeNamePattern),
    ...labelCauses('spec.labels', token(o).spec.labels ?? {}),
  ],
};
