// Owns meta/v1: the schema of ObjectMeta and LabelSelector that every kind shares.
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
/** Has one manager as a whole (server-side apply). */
const atomic = { ...closed, 'x-kubernetes-map-type': 'atomic' } as const;

export const OwnerReference = Type.Object(
  {
    apiVersion: Type.String(),
    kind: Type.String(),
    name: Type.String(),
    uid: Type.String(),
    controller: Type.Optional(Type.Boolean()),
    blockOwnerDeletion: Type.Optional(Type.Boolean()),
  },
  atomic,
);

export const ObjectMeta = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: 'Unique within a namespace and kind. Cannot be changed.' }),
    ),
    generateName: Type.Optional(Type.String({ description: 'Prefix from which the server makes a name.' })),
    namespace: Type.Optional(Type.String()),
    uid: Type.Optional(Type.String()),
    resourceVersion: Type.Optional(
      Type.String({ description: 'Opaque version for optimistic concurrency.' }),
    ),
    generation: Type.Optional(Type.Integer({ description: 'Counts the changes of the wished state.' })),
    creationTimestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    deletionTimestamp: Type.Optional(Type.String()),
    deletionGracePeriodSeconds: Type.Optional(Type.Integer()),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
    finalizers: Type.Optional(
      Type.Array(Type.String(), { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' }),
    ),
    ownerReferences: Type.Optional(
      Type.Array(OwnerReference, {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['uid'],
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'uid',
      }),
    ),
    managedFields: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
    selfLink: Type.Optional(Type.String()),
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
    matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.String(),
            operator: Type.Union([
              Type.Literal('In'),
              Type.Literal('NotIn'),
              Type.Literal('Exists'),
              Type.Literal('DoesNotExist'),
            ]),
            values: Type.Optional(Type.Array(Type.String())),
          },
          closed,
        ),
      ),
    ),
  },
  { ...atomic, description: 'Selects objects by their labels (Kubernetes meta/v1 LabelSelector).' },
);
export type LabelSelector = Static<typeof LabelSelector>;

export const Condition = Type.Object(
  {
    type: Type.String(),
    status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')]),
    reason: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    observedGeneration: Type.Optional(Type.Integer()),
    lastTransitionTime: Type.Optional(Type.String()),
    lastHeartbeatTime: Type.Optional(Type.String()),
    lastUpdateTime: Type.Optional(Type.String()),
  },
  closed,
);
export type Condition = Static<typeof Condition>;

/** A list of conditions, merged by type. */
export const Conditions = Type.Array(Condition, {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'type',
});
