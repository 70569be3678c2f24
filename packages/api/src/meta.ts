// Owns meta/v1: the schema of ObjectMeta and LabelSelector that every kind shares.
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
/** Has one manager as a whole (server-side apply). */
const atomic = { ...closed, 'x-kubernetes-map-type': 'atomic' } as const;

export const OwnerReference = Type.Object(
  {
    apiVersion: Type.String({ description: 'API version of the owner.' }),
    kind: Type.String({ description: 'Kind of the owner.' }),
    name: Type.String({ description: 'Name of the owner.' }),
    uid: Type.String({ description: 'Uid of the owner: another object of the same name is not it.' }),
    controller: Type.Optional(
      Type.Boolean({ description: 'Whether this owner manages the object; one may.' }),
    ),
    blockOwnerDeletion: Type.Optional(
      Type.Boolean({ description: 'Whether a foreground deletion of the owner waits for this object.' }),
    ),
  },
  { ...atomic, description: 'An object that this one belongs to; once all owners are gone, it is deleted.' },
);

export const ObjectMeta = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: 'Unique within a namespace and kind. Cannot be changed.' }),
    ),
    generateName: Type.Optional(Type.String({ description: 'Prefix from which the server makes a name.' })),
    namespace: Type.Optional(
      Type.String({ description: 'Namespace of the object; empty for cluster-wide kinds.' }),
    ),
    uid: Type.Optional(Type.String({ description: 'Made by the server: tells objects of one name apart.' })),
    resourceVersion: Type.Optional(
      Type.String({ description: 'Opaque version for optimistic concurrency.' }),
    ),
    generation: Type.Optional(Type.Integer({ description: 'Counts the changes of the wished state.' })),
    creationTimestamp: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: 'When it was created (RFC 3339, by the server).',
      }),
    ),
    deletionTimestamp: Type.Optional(
      Type.String({ description: 'When deletion was asked for; it goes once its finalizers are done.' }),
    ),
    deletionGracePeriodSeconds: Type.Optional(
      Type.Integer({ description: 'Seconds it has to end by itself after deletion was asked for.' }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Words to select objects by.' }),
    ),
    annotations: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Notes of tools and people; not selected by.',
      }),
    ),
    finalizers: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What must be done before the object can go; each is taken away by whoever did it.',
        'x-kubernetes-list-type': 'set',
        'x-kubernetes-patch-strategy': 'merge',
      }),
    ),
    ownerReferences: Type.Optional(
      Type.Array(OwnerReference, {
        description: 'The objects that this one belongs to.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['uid'],
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'uid',
      }),
    ),
    managedFields: Type.Optional(
      Type.Array(Type.Record(Type.String(), Type.Unknown()), {
        description: 'Which manager set which fields, for server-side apply.',
      }),
    ),
    selfLink: Type.Optional(Type.String({ description: 'No longer used by Kubernetes.' })),
  },
  { ...closed, description: 'Standard object metadata (Kubernetes meta/v1).' },
);
export type ObjectMeta = Static<typeof ObjectMeta>;

/** Any stored object. Kinds narrow `spec`, `status` and their other fields. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export const LabelSelector = Type.Object(
  {
    matchLabels: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Labels with just these values, all of them.',
      }),
    ),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.String({ description: 'The label.' }),
            operator: Type.Union(
              [
                Type.Literal('In'),
                Type.Literal('NotIn'),
                Type.Literal('Exists'),
                Type.Literal('DoesNotExist'),
              ],
              { description: 'How the label is compared.' },
            ),
            values: Type.Optional(
              Type.Array(Type.String(), { description: 'For In and NotIn; absent for the others.' }),
            ),
          },
          closed,
        ),
        { description: 'Requirements, all of which must hold.' },
      ),
    ),
  },
  { ...atomic, description: 'Selects objects by their labels (Kubernetes meta/v1 LabelSelector).' },
);
export type LabelSelector = Static<typeof LabelSelector>;

export const Condition = Type.Object(
  {
    type: Type.String({ description: 'What is said, e.g. Ready.' }),
    status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')], {
      description: 'Whether it holds.',
    }),
    reason: Type.Optional(Type.String({ description: 'Why, in one word for programs.' })),
    message: Type.Optional(Type.String({ description: 'Why, in a sentence for people.' })),
    observedGeneration: Type.Optional(
      Type.Integer({ description: 'The metadata.generation that this was said about.' }),
    ),
    lastTransitionTime: Type.Optional(Type.String({ description: 'When status last changed.' })),
    lastHeartbeatTime: Type.Optional(Type.String({ description: 'When it was last looked at.' })),
    lastUpdateTime: Type.Optional(Type.String({ description: 'When anything of it last changed.' })),
  },
  closed,
);
export type Condition = Static<typeof Condition>;

/** A list of conditions, merged by type. */
export const Conditions = Type.Array(Condition, {
  description: 'How the object is, one condition for each type.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'type',
});
