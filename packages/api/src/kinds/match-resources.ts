// Owns how admission policies say which requests they are about (admissionregistration.k8s.io/v1 MatchResources). What the
// words come to is in policy/match.ts.
import { type Static, Type } from 'typebox';
import { LabelSelector } from '../meta.ts';

const closed = { additionalProperties: false } as const;
const atomicList = { 'x-kubernetes-list-type': 'atomic' } as const;

const words = (description: string, item = 'A name, or * for all.') =>
  Type.Array(Type.String({ description: item, maxLength: 1_000 }), {
    ...atomicList,
    maxItems: 1_000,
    description,
  });

const NamedRule = Type.Object(
  {
    apiGroups: Type.Optional(words('API groups; "" is core, * is all. Required.')),
    apiVersions: Type.Optional(words('Versions; * is all. Required.')),
    operations: Type.Optional(words('CREATE, UPDATE, DELETE, CONNECT, or * for all. Required.')),
    resources: Type.Optional(
      words('Resources and subresources: nodes, nodes/status, nodes/*, */status, *, */*. Required.'),
    ),
    scope: Type.Optional(
      Type.Union([Type.Literal('Cluster'), Type.Literal('Namespaced'), Type.Literal('*')], {
        default: '*',
        description: 'Only objects in namespaces, only those in none, or both.',
      }),
    ),
    resourceNames: Type.Optional(words('Only objects of these names; all unless given.', 'A name.')),
  },
  { ...closed, 'x-kubernetes-map-type': 'atomic' },
);
export type NamedRule = Static<typeof NamedRule>;

/** `description` says whose they are. */
export const matchResources = (description: string) =>
  Type.Object(
    {
      namespaceSelector: Type.Optional(
        Type.Object(LabelSelector.properties, {
          ...closed,
          'x-kubernetes-map-type': 'atomic',
          default: {},
          description: 'Only objects in namespaces with such labels; objects in no namespace always.',
        }),
      ),
      objectSelector: Type.Optional(
        Type.Object(LabelSelector.properties, {
          ...closed,
          'x-kubernetes-map-type': 'atomic',
          default: {},
          description: 'Only objects that have such labels, or had them before the change.',
        }),
      ),
      resourceRules: Type.Optional(
        Type.Array(NamedRule, { ...atomicList, maxItems: 1_000, description: 'One of these must match.' }),
      ),
      excludeResourceRules: Type.Optional(
        Type.Array(NamedRule, { ...atomicList, maxItems: 1_000, description: 'None of these may match.' }),
      ),
      matchPolicy: Type.Optional(
        Type.Union([Type.Literal('Exact'), Type.Literal('Equivalent')], {
          default: 'Equivalent',
          description: 'Equivalent: a rule for one version of a kind also matches the others.',
        }),
      ),
    },
    { ...closed, 'x-kubernetes-map-type': 'atomic', description },
  );
export type MatchResources = Static<ReturnType<typeof matchResources>>;
