// Owns User (drover.dev/v1alpha1): a person. How they prove who they are is kept elsewhere and only told here.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { personNameCauses } from './person-name.ts';

const closed = { additionalProperties: false } as const;

/** The first user: may do everything. */
export const adminUser = 'admin';

const UserSpec = Type.Object(
  {
    displayName: Type.Optional(Type.String({ maxLength: 200, description: 'How people call them.' })),
    email: Type.Optional(Type.String({ maxLength: 254, description: 'Where they get mail.' })),
    disabled: Type.Boolean({
      default: false,
      description: 'True: they cannot sign in, and what they have open ends at once.',
    }),
    requireSecondFactor: Type.Boolean({
      default: false,
      description: 'True: a password alone does not sign them in. A group may ask for it too.',
    }),
  },
  { ...closed, default: {}, description: 'Who it is.' },
);

const UserStatus = Type.Object(
  {
    signIn: Type.Optional(
      Type.Object(
        {
          password: Type.Optional(Type.Boolean({ description: 'Whether there is a password.' })),
          totp: Type.Optional(Type.Boolean({ description: 'Whether an app with codes is enrolled.' })),
          recoveryCodes: Type.Optional(Type.Integer({ description: 'How many recovery codes are left.' })),
          passkeys: Type.Optional(Type.Integer({ description: 'How many passkeys are enrolled.' })),
        },
        { ...closed, description: 'Ways in which they can sign in; never a secret.' },
      ),
    ),
    identities: Type.Optional(
      Type.Array(
        Type.Object(
          {
            method: Type.String({ description: 'Name of the SignInMethod.' }),
            subject: Type.String({ description: 'How the provider or directory knows them.' }),
          },
          closed,
        ),
        { 'x-kubernetes-list-type': 'atomic', description: 'Accounts elsewhere that sign them in.' },
      ),
    ),
    externalGroups: Type.Optional(
      Type.Array(Type.String(), {
        'x-kubernetes-list-type': 'atomic',
        description: 'Groups that the last sign-in through a provider or directory brought.',
      }),
    ),
    lastSignIn: Type.Optional(Type.String({ description: 'When they last signed in.' })),
  },
  { ...closed, description: 'Written by the controller alone.' },
);

export const User = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('User'),
    metadata: ObjectMeta,
    spec: UserSpec,
    status: Type.Optional(UserStatus),
  },
  { ...closed, description: 'User is a person who signs in.' },
);
export type User = Static<typeof User>;

const user = (o: KubeObject) => o as unknown as User;

const methodsOf = ({ status }: User): string => {
  const { password, totp, passkeys = 0 } = status?.signIn ?? {};
  const names = (status?.identities ?? []).map(({ method }) => method);
  const own = [password ? 'password' : '', totp ? 'code' : '', passkeys > 0 ? 'passkey' : ''];
  return [...own, ...names].filter((word) => word !== '').join(',') || '-';
};

export const userKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'User',
  plural: 'users',
  singular: 'user',
  shortNames: [],
  categories: [],
  scope: 'Cluster',
  names: 'PathSegment',
  schema: User,
  columns: [
    textColumn('Display Name', 'How people call them', 0, (o) => user(o).spec.displayName ?? ''),
    textColumn('State', 'Whether they may sign in', 0, (o) =>
      user(o).spec.disabled ? 'Disabled' : 'Active',
    ),
    textColumn('Sign In', 'How they can sign in', 0, (o) => methodsOf(user(o))),
    textColumn('Last Sign In', 'When they last signed in', 0, (o) => user(o).status?.lastSignIn ?? '-'),
    textColumn('Email', 'Where they get mail', 1, (o) => user(o).spec.email ?? ''),
  ],
  hasStatus: true,
  subresources: ['password', 'link', 'sessions', 'secondfactor'],
  selectableFields: { 'spec.disabled': (o) => String(user(o).spec.disabled) },
  immutablePaths: [],
  check: (o) => [
    ...personNameCauses(o),
    ...(o.metadata.name === adminUser && user(o).spec.disabled
      ? [
          {
            field: 'spec.disabled',
            message: `${adminUser} is the way in when nobody else can: take its password and sessions away instead`,
          },
        ]
      : []),
  ],
};
