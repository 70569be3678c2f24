import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { dataChecks, immutableDataChecks } from './data-checks.ts';

const closed = { additionalProperties: false } as const;

export const ConfigMap = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('ConfigMap'),
    metadata: ObjectMeta,
    data: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Values that are UTF-8 text.' }),
    ),
    binaryData: Type.Optional(
      Type.Record(Type.String(), Type.String({ contentEncoding: 'base64', format: 'byte' }), {
        description: 'Values of any bytes, in base64.',
      }),
    ),
    immutable: Type.Optional(
      Type.Boolean({ description: 'If true, data cannot be changed any more; only metadata can.' }),
    ),
  },
  { ...closed, description: 'ConfigMap holds configuration data for pods to consume.' },
);
export type ConfigMap = Static<typeof ConfigMap>;

const map = (o: KubeObject) => o as unknown as ConfigMap;

export const configMapKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  categories: [],
  scope: 'Namespaced',
  schema: ConfigMap,
  columns: [
    {
      name: 'Data',
      type: 'string',
      description: 'Number of values',
      priority: 0,
      cell: (o) => Object.keys(map(o).data ?? {}).length + Object.keys(map(o).binaryData ?? {}).length,
    },
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check: (o) => dataChecks({ data: map(o).data ?? {}, binaryData: map(o).binaryData ?? {} }),
  checkUpdate: (before, after) => immutableDataChecks(before, after, ['data', 'binaryData']),
};
