// Owns ServiceAccount (core/v1) and the request for one of its tokens (authentication.k8s.io/v1 TokenRequest).
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';

const closed = { additionalProperties: false } as const;

const Reference = Type.Object({ name: Type.String() }, closed);

export const ServiceAccount = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('ServiceAccount'),
    metadata: ObjectMeta,
    secrets: Type.Optional(
      Type.Array(Reference, {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
        description: 'Secrets that it may use.',
      }),
    ),
    imagePullSecrets: Type.Optional(
      Type.Array(Reference, {
        'x-kubernetes-list-type': 'atomic',
        description: 'Secrets for pulling images.',
      }),
    ),
    automountServiceAccountToken: Type.Optional(
      Type.Boolean({ description: 'Whether its containers find a token in their files.' }),
    ),
  },
  { ...closed, description: 'ServiceAccount is who a program is.' },
);
export type ServiceAccount = Static<typeof ServiceAccount>;

export const serviceAccountKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  categories: [],
  scope: 'Namespaced',
  schema: ServiceAccount,
  columns: [
    {
      name: 'Secrets',
      type: 'string',
      description: 'Number of secrets',
      priority: 0,
      cell: (o: KubeObject) => ((o as unknown as ServiceAccount).secrets ?? []).length,
    },
  ],
  hasStatus: false,
  subresources: ['token'],
  selectableFields: {},
  immutablePaths: [],
};

const refText = Type.Optional(Type.String());

export const TokenRequest = Type.Object(
  {
    apiVersion: Type.Literal('authentication.k8s.io/v1'),
    kind: Type.Literal('TokenRequest'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        audiences: Type.Optional(
          Type.Array(Type.String(), { maxItems: 0, description: 'Must be empty: tokens are for this API.' }),
        ),
        boundObjectRef: Type.Optional(
          Type.Object(
            { kind: refText, apiVersion: refText, name: refText, uid: refText },
            {
              ...closed,
              maxProperties: 0,
              description: 'Must be absent: a token ends with its account alone.',
            },
          ),
        ),
        expirationSeconds: Type.Integer({
          default: 3600,
          minimum: 600,
          maximum: 4294967296,
          description: 'Life of the token.',
        }),
      },
      { ...closed, default: {} },
    ),
    status: Type.Optional(
      Type.Object(
        {
          token: Type.Optional(Type.String({ description: 'The secret; shown this once.' })),
          expirationTimestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'TokenRequest asks for a token of a service account.' },
);
export type TokenRequest = Static<typeof TokenRequest>;

/** Not served by itself: the body of serviceaccounts/<name>/token. */
export const tokenRequestKind: Kind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  singular: 'tokenrequest',
  shortNames: [],
  categories: [],
  scope: 'Namespaced',
  schema: TokenRequest,
  columns: [],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  transient: true,
};

const accountPrefix = 'system:serviceaccount:';

/** The user name of a service account. */
export const serviceAccountUser = (namespace: string, name: string): string =>
  `${accountPrefix}${namespace}:${name}`;

/** Which service account has this user name; undefined: none. */
export const serviceAccountOf = (
  user: string,
): { readonly namespace: string; readonly name: string } | undefined => {
  if (!user.startsWith(accountPrefix)) return undefined;
  const [namespace = '', name = '', ...rest] = user.slice(accountPrefix.length).split(':');
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name };
};

/** The groups of every service account of a namespace. */
export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
  'system:authenticated',
];
