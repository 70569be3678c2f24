// Owns how a sign-in method is typed, and what becomes of that (pure). I1: what is not typed here stays as it was.
import type { SignInMethod } from '@drover/api';

export interface MethodDraft {
  readonly name: string;
  readonly type: 'oidc' | 'ldap';
  readonly displayName: string;
  /** issuer or url. */
  readonly address: string;
  /** namespace/name/key of a Secret; '': none. */
  readonly secret: string;
  readonly clientId: string;
  readonly startTls: boolean;
  readonly userBase: string;
  readonly groupBase: string;
  readonly bindDn: string;
  readonly groupPrefix: string;
  readonly createUsers: boolean;
  readonly linkUsers: boolean;
  readonly caPem: string;
}

interface SecretKey {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

const fromKey = (key: SecretKey | undefined): string =>
  key === undefined ? '' : `${key.namespace}/${key.name}/${key.key}`;

const toKey = (text: string): SecretKey | undefined => {
  if (text.trim() === '') return undefined;
  const [namespace = '', name = '', key = ''] = text.trim().split('/');
  return { namespace, name, key };
};

export const toDraft = (method?: SignInMethod): MethodDraft => {
  const { spec } = method ?? {};
  const { oidc, ldap } = spec ?? {};
  return {
    name: method?.metadata.name ?? '',
    type: ldap === undefined ? 'oidc' : 'ldap',
    displayName: spec?.displayName ?? '',
    address: oidc?.issuer ?? ldap?.url ?? '',
    secret: fromKey(oidc?.clientSecret ?? ldap?.bindPassword),
    clientId: oidc?.clientId ?? '',
    startTls: ldap?.startTls ?? false,
    userBase: ldap?.userBase ?? '',
    groupBase: ldap?.groupBase ?? '',
    bindDn: ldap?.bindDn ?? '',
    groupPrefix: spec?.groupPrefix ?? '',
    createUsers: spec?.createUsers ?? true,
    linkUsers: spec?.linkUsers ?? false,
    caPem: oidc?.caPem ?? ldap?.caPem ?? '',
  };
};

/** Fields whose text is '' are left out. */
const given = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined));

/** Without what `fields` names: those are typed here. */
const others = (
  object: Readonly<Record<string, unknown>> | undefined,
  fields: readonly string[],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => !fields.includes(key)));

export const toSpec = (draft: MethodDraft, before?: SignInMethod): object => {
  const { type, displayName, groupPrefix, createUsers, linkUsers, address, secret, caPem } = draft;
  const oidc = { issuer: address, clientId: draft.clientId, clientSecret: toKey(secret), caPem };
  const { startTls, userBase, groupBase, bindDn } = draft;
  const ldap = { url: address, startTls, userBase, groupBase, bindDn, bindPassword: toKey(secret), caPem };
  const part =
    type === 'oidc'
      ? { oidc: { ...others(before?.spec.oidc, Object.keys(oidc)), ...given(oidc) } }
      : { ldap: { ...others(before?.spec.ldap, Object.keys(ldap)), ...given(ldap) } };
  return {
    ...given({ displayName }),
    disabled: before?.spec.disabled ?? false,
    groupPrefix,
    createUsers,
    linkUsers,
    ...part,
  };
};
