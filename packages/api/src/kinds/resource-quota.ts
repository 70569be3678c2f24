import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;

/** A number of objects: a whole one, as text or not (stored as text). */
const Count = Type.Union(
  [Type.String({ maxLength: 15, pattern: '^[0-9]+$' }), Type.Integer({ minimum: 0 })],
  {
    'x-kubernetes-int-or-string': true,
  },
);
const Counts = (description: string) => Type.Optional(Type.Record(Type.String(), Count, { description }));

export const ResourceQuota = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('ResourceQuota'),
    metadata: ObjectMeta,
    spec: Type.Optional(
      Type.Object(
        {
          hard: Counts(
            'How many there may be: "count/<resource>.<group>" of any kind in namespaces, or configmaps, secrets, resourcequotas.',
          ),
        },
        { ...closed, description: 'What is limited.' },
      ),
    ),
    status: Type.Optional(
      Type.Object(
        { hard: Counts('The limits that are enforced.'), used: Counts('How many there are.') },
        { ...closed, description: 'What is limited and how much of it is used.' },
      ),
    ),
  },
  { ...closed, description: 'ResourceQuota limits how many objects a namespace may have.' },
);
export type ResourceQuota = Static<typeof ResourceQuota>;

const quota = (o: KubeObject) => o as unknown as ResourceQuota;

const asText = (counts: Readonly<Record<string, string | number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));

/** 'configmaps: 2/10, secrets: 0/5' */
const use = (o: KubeObject): string => {
  const { hard = {}, used = {} } = quota(o).status ?? {};
  return Object.keys(hard)
    .sort()
    .map((name) => `${name}: ${used[name] ?? 0}/${hard[name]}`)
    .join(', ');
};

/** The resource that a limit counts: 'configmaps', 'leases.coordination.k8s.io'. undefined: it is none of ours. */
export const countedResource = (limit: string): string | undefined => {
  if (limit.startsWith('count/')) return limit.slice('count/'.length);
  return ['configmaps', 'secrets', 'resourcequotas'].includes(limit) ? limit : undefined;
};

export const resourceQuotaKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  categories: [],
  scope: 'Namespaced',
  schema: ResourceQuota,
  columns: [textColumn('Request', 'What is used of what is allowed', 0, use)],
  hasStatus: true,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  normalize: (o) => {
    const { hard } = quota(o).spec ?? {};
    return hard === undefined ? o : { ...o, spec: { ...quota(o).spec, hard: asText(hard) } };
  },
};
