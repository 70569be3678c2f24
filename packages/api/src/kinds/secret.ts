import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { dataChecks, immutableDataChecks, isBase64 } from './data-checks.ts';

const closed = { additionalProperties: false } as const;

export const Secret = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('Secret'),
    metadata: ObjectMeta,
    type: Type.String({
      default: 'Opaque',
      description: 'Used to facilitate programmatic handling of secret data.',
    }),
    data: Type.Optional(
      Type.Record(Type.String(), Type.String({ format: 'byte' }), { description: 'Values in base64.' }),
    ),
    stringData: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Values as text; written into data when stored, never read back.',
      }),
    ),
    immutable: Type.Optional(
      Type.Boolean({ description: 'If true, data cannot be changed any more; only metadata can.' }),
    ),
  },
  { ...closed, description: 'Secret holds secret data of a certain type.' },
);
export type Secret = Static<typeof Secret>;

const secret = (o: KubeObject) => o as unknown as Secret;

const toBase64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

const withoutStringData = (object: KubeObject): KubeObject => {
  const { stringData, ...rest } = object as KubeObject & Secret;
  if (stringData === undefined) return object;
  const encoded = Object.entries(stringData).map(([key, value]) => [key, toBase64(value)]);
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(encoded) } };
};

const check = (o: KubeObject) => {
  const data = secret(o).data ?? {};
  const badBase64 = Object.entries(data).filter(([, value]) => !isBase64(value));
  return [
    ...dataChecks({ data }),
    ...badBase64.map(([key]) => ({
      field: `data[${key}]`,
      message: 'not valid base64 (text goes in stringData)',
    })),
  ];
};

export const secretKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  shortNames: [],
  categories: [],
  scope: 'Namespaced',
  schema: Secret,
  columns: [
    textColumn('Type', 'What the secret is for', 0, (o) => secret(o).type),
    {
      name: 'Data',
      type: 'string',
      description: 'Number of values',
      priority: 0,
      cell: (o) => Object.keys(secret(o).data ?? {}).length,
    },
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: { type: (o) => secret(o).type },
  immutablePaths: ['type'],
  normalize: withoutStringData,
  check,
  checkUpdate: (before, after) => immutableDataChecks(before, after, ['data']),
};
