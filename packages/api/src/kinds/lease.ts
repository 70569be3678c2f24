import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;
const microTime = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

export const Lease = Type.Object(
  {
    apiVersion: Type.Literal('coordination.k8s.io/v1'),
    kind: Type.Literal('Lease'),
    metadata: ObjectMeta,
    spec: Type.Optional(
      Type.Object(
        {
          holderIdentity: Type.Optional(Type.String({ description: 'Who holds the lease.' })),
          leaseDurationSeconds: Type.Optional(
            Type.Integer({ minimum: 1, description: 'How long others must wait after the last renewal.' }),
          ),
          acquireTime: microTime('When the present holder got it.'),
          renewTime: microTime('When the present holder last renewed it.'),
          leaseTransitions: Type.Optional(
            Type.Integer({ minimum: 0, description: 'How often the holder changed.' }),
          ),
          strategy: Type.Optional(Type.String({ description: 'How a leader is picked.' })),
          preferredHolder: Type.Optional(Type.String({ description: 'Who should become the holder.' })),
        },
        { ...closed, description: 'The specification of the Lease.' },
      ),
    ),
  },
  { ...closed, description: 'Lease defines a lease concept.' },
);
export type Lease = Static<typeof Lease>;

const holder = (o: KubeObject): string => (o as unknown as Lease).spec?.holderIdentity ?? '';

export const leaseKind: Kind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  shortNames: [],
  categories: [],
  scope: 'Namespaced',
  schema: Lease,
  columns: [textColumn('Holder', 'Who holds the lease', 0, holder)],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
};
