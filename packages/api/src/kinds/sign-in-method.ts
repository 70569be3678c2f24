// Owns SignInMethod (drover.dev/v1alpha1): a provider or directory that says who people are.
// I1: no secret stands in it: secrets are named, and read from Secret objects.
// I2: nothing of it is without TLS, but a provider or directory on this very machine.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { isDnsLabel } from '../validation/names.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string, more: object = {}) =>
  Type.String({ minLength: 1, maxLength: 1_000, description, ...more });

const SecretKey = (description: string) =>
  Type.Object(
    {
      namespace: text('Namespace of the Secret.'),
      name: text('Name of the Secret.'),
      key: text('Which of its data.'),
    },
    { ...closed, description },
  );

const caPem = Type.Optional(
  Type.String({
    maxLength: 100_000,
    description: 'CA certificates (PEM) to trust in place of the well-known ones.',
  }),
);

const Oidc = Type.Object(
  {
    issuer: text('https address of the provider, as its discovery document gives it.'),
    clientId: text('How the provider knows Drover.'),
    clientSecret: Type.Optional(
      SecretKey('Secret that the provider gave; absent: a public client (PKCE is always used).'),
    ),
    scopes: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      default: ['openid', 'profile', 'email'],
      maxItems: 20,
      'x-kubernetes-list-type': 'atomic',
      description: 'What to ask for; openid is among it.',
    }),
    userClaim: text('Claim that becomes the name of a new user.', { default: 'preferred_username' }),
    groupsClaim: text('Claim that holds a list of groups.', { default: 'groups' }),
    caPem,
  },
  {
    ...closed,
    description:
      'OpenID Connect: authorization code with PKCE. Redirect address: /auth/oidc/<name>/callback.',
  },
);

const Ldap = Type.Object(
  {
    url: text('ldaps://host[:port], or ldap:// with startTls.'),
    startTls: Type.Boolean({ default: false, description: 'Begin TLS on an ldap:// connection.' }),
    bindDn: Type.Optional(text('Who looks people up; absent: nobody in particular.')),
    bindPassword: Type.Optional(SecretKey('Password of bindDn.')),
    userBase: text('Where people are, e.g. ou=people,dc=example,dc=org.'),
    userAttribute: text('Attribute that holds the name by which they sign in.', { default: 'uid' }),
    subjectAttribute: text('Attribute that stays the same when somebody is renamed.', {
      default: 'entryUUID',
    }),
    groupBase: Type.Optional(text('Where groups are; absent: no groups are looked for.')),
    memberAttribute: text('Attribute of a group that holds the DNs of its members.', { default: 'member' }),
    groupAttribute: text('Attribute that is the name of a group.', { default: 'cn' }),
    caPem,
  },
  { ...closed, description: 'LDAP: looked up, then bound as, with the password that was typed.' },
);

export const SignInMethod = Type.Object(
  {
    apiVersion: Type.Literal('drover.dev/v1alpha1'),
    kind: Type.Literal('SignInMethod'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        displayName: Type.Optional(
          Type.String({ maxLength: 200, description: 'What the sign-in page calls it.' }),
        ),
        disabled: Type.Boolean({ default: false, description: 'True: nobody signs in by it.' }),
        createUsers: Type.Boolean({
          default: true,
          description: 'Make a User for somebody who signs in for the first time.',
        }),
        linkUsers: Type.Boolean({
          default: false,
          description:
            'Take a User of the same name, which has no account there yet, for the same person. Never admin.',
        }),
        groupPrefix: Type.String({
          default: '',
          maxLength: 100,
          description: 'Put before the name of every group that it brings. None may begin with system:.',
        }),
        oidc: Type.Optional(Oidc),
        ldap: Type.Optional(Ldap),
      },
      { ...closed, description: 'One of oidc and ldap.' },
    ),
  },
  { ...closed, description: 'SignInMethod is a provider or directory that says who people are.' },
);
export type SignInMethod = Static<typeof SignInMethod>;
export type OidcSpec = Static<typeof Oidc>;
export type LdapSpec = Static<typeof Ldap>;

const method = (o: KubeObject) => o as unknown as SignInMethod;

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

const addressCause = (field: string, address: string, schemes: readonly string[], plainIsFine: boolean) => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !schemes.includes(url.protocol))
    return [{ field, message: `must be an address with ${schemes.map((one) => `${one}//`).join(' or ')}` }];
  const isSafe = url.protocol.endsWith('s:') || plainIsFine || isLoopback(url.hostname);
  return isSafe ? [] : [{ field, message: 'would send passwords or tokens in clear: use TLS' }];
};

export const signInMethodKind: Kind = {
  group: 'drover.dev',
  version: 'v1alpha1',
  kind: 'SignInMethod',
  plural: 'signinmethods',
  singular: 'signinmethod',
  shortNames: [],
  categories: [],
  scope: 'Cluster',
  schema: SignInMethod,
  columns: [
    textColumn('Type', 'What it speaks', 0, (o) => (method(o).spec.oidc === undefined ? 'LDAP' : 'OIDC')),
    textColumn(
      'Address',
      'Where it is',
      0,
      (o) => method(o).spec.oidc?.issuer ?? method(o).spec.ldap?.url ?? '',
    ),
    textColumn('State', 'Whether it is used', 0, (o) => (method(o).spec.disabled ? 'Disabled' : 'Active')),
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
  check: (o) => {
    const { oidc, ldap } = method(o).spec;
    const { name } = o.metadata;
    return [
      ...((oidc === undefined) === (ldap === undefined)
        ? [{ field: 'spec', message: 'must have either oidc or ldap' }]
        : []),
      ...(name === undefined || (isDnsLabel(name) && name !== 'password' && name !== 'link')
        ? []
        : [{ field: 'metadata.name', message: 'must be a DNS label other than password and link' }]),
      ...(oidc === undefined
        ? []
        : addressCause('spec.oidc.issuer', oidc.issuer, ['https:', 'http:'], false)),
      ...(ldap === undefined
        ? []
        : addressCause('spec.ldap.url', ldap.url, ['ldaps:', 'ldap:'], ldap.startTls)),
    ];
  },
};
