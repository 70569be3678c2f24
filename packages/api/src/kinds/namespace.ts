import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { Conditions, type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;

export const Namespace = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('Namespace'),
    metadata: ObjectMeta,
    spec: Type.Optional(
      Type.Object(
        {
          finalizers: Type.Optional(
            Type.Array(Type.String(), { description: 'Must be empty before the namespace can go.' }),
          ),
        },
        { ...closed, description: 'Defines the behavior of the Namespace.' },
      ),
    ),
    status: Type.Object(
      {
        phase: Type.Union([Type.Literal('Active'), Type.Literal('Terminating')], {
          default: 'Active',
          description: 'Whether it is in use or being deleted.',
        }),
        conditions: Type.Optional(Conditions),
      },
      { ...closed, default: {}, description: 'The current status of the Namespace.' },
    ),
  },
  { ...closed, description: 'Namespace provides a scope for names.' },
);
export type Namespace = Static<typeof Namespace>;

const phase = (o: KubeObject): string => (o as unknown as Namespace).status?.phase ?? 'Active';

/** The label by which selectors name a namespace; Kubernetes sets it on every namespace. */
const nameLabel = 'kubernetes.io/metadata.name';

export const namespaceKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  scope: 'Cluster',
  schema: Namespace,
  columns: [textColumn('Status', 'The status of the namespace', 0, phase)],
  hasStatus: true,
  subresources: ['finalize'],
  selectableFields: { 'status.phase': phase },
  immutablePaths: [],
  normalize: (object) => {
    const { name, labels } = object.metadata;
    if (name === undefined) return object;
    return { ...object, metadata: { ...object.metadata, labels: { ...labels, [nameLabel]: name } } };
  },
};
