// Owns what clients ask about people and their sign-in (docs/protocol.md section 1); users and groups are objects.
import type { PolicyRule } from '@drover/api';
import { serviceAccounts, toObjectPath, users } from './kinds.ts';
import type { CallOptions } from './objects.ts';
import type { Transport } from './transport.ts';

/** How somebody is known to the API by something other than a password, one at a time. */
export type CredentialKind = 'session' | 'token' | 'certificate';

/** A session, an API token or a client certificate, without its secret. Times are RFC 3339; null: never. */
export interface CredentialInfo {
  readonly id: string;
  readonly kind?: CredentialKind;
  readonly description: string;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly current: boolean;
  readonly method?: string;
  readonly address?: string;
  readonly agent?: string;
  readonly rules?: readonly PolicyRule[];
  readonly namespaces?: readonly string[];
  /** Of a certificate: those that it names. */
  readonly groups?: readonly string[];
}

export interface CertificateWish {
  /** PKCS#10 in PEM; its common name is one's own name. */
  readonly request: string;
  readonly description: string;
  /** Absent: 90 days. */
  readonly expiresSeconds?: number;
}

export interface ApiTokenWish {
  readonly description: string;
  /** 0: never expires; absent: 30 days. */
  readonly expiresSeconds?: number;
  readonly rules?: readonly PolicyRule[];
  readonly namespaces?: readonly string[];
}

/** How one signs in oneself. */
export interface OwnAccount {
  readonly user: string;
  /** Whether there is a password: changes then ask for it. */
  readonly password: boolean;
  /** Whether an app with codes is enrolled. */
  readonly totp: boolean;
  /** How many are left. */
  readonly recoveryCodes: number;
  /** True: the session may do nothing but enrol a second factor. */
  readonly waits: boolean;
  /** Why there can be no passkeys; '': there can. */
  readonly noPasskeys: string;
}

export interface PasskeyInfo {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

export interface PeopleApi {
  /** Throws Unauthorized for who is not signed in. */
  whoAmI(options?: CallOptions): Promise<{ readonly username: string; readonly groups: readonly string[] }>;
  createToken(
    wish: ApiTokenWish,
    options?: CallOptions,
  ): Promise<{ readonly token: string; readonly id: string }>;
  /** The certificate in PEM, and when it ends (RFC 3339). */
  createCertificate(
    wish: CertificateWish,
    options?: CallOptions,
  ): Promise<{ readonly certificate: string; readonly id: string; readonly expiresAt: string }>;
  /** One's own sessions, tokens or certificates. */
  ownCredentials(kind: CredentialKind, options?: CallOptions): Promise<readonly CredentialInfo[]>;
  revokeOwn(kind: CredentialKind, id: string, options?: CallOptions): Promise<void>;
  /** All of one's own but the one in use. */
  revokeOtherSessions(options?: CallOptions): Promise<void>;
  changePassword(current: string, password: string, options?: CallOptions): Promise<void>;
  beginTotp(
    password: string,
    options?: CallOptions,
  ): Promise<{ readonly secret: string; readonly url: string }>;
  confirmTotp(code: string, options?: CallOptions): Promise<{ readonly recoveryCodes: readonly string[] }>;
  removeTotp(password: string, options?: CallOptions): Promise<void>;
  account(options?: CallOptions): Promise<OwnAccount>;
  passkeys(options?: CallOptions): Promise<readonly PasskeyInfo[]>;
  /** Options for navigator.credentials.create, as JSON. */
  beginPasskey(password: string, options?: CallOptions): Promise<unknown>;
  /** `response`: the browser's answer, as JSON. */
  finishPasskey(name: string, response: unknown, options?: CallOptions): Promise<void>;
  removePasskey(id: string, password: string, options?: CallOptions): Promise<void>;
  /** A token for a program, shown once. */
  createAccountToken(
    account: { readonly namespace: string; readonly name: string },
    expiresSeconds: number,
    options?: CallOptions,
  ): Promise<string>;
  setPassword(user: string, password: string, options?: CallOptions): Promise<void>;
  removePassword(user: string, options?: CallOptions): Promise<void>;
  /** Path of a page that signs them in, once. */
  /** `address`: by which others reach the controller, as it was told at its start. */
  createLink(
    user: string,
    expiresSeconds: number,
    options?: CallOptions,
  ): Promise<{ readonly path: string; readonly address: string }>;
  credentialsOf(user: string, options?: CallOptions): Promise<readonly CredentialInfo[]>;
  /** Sessions, links and tokens; with `id` only that one. */
  revokeOf(user: string, id?: string, options?: CallOptions): Promise<void>;
  resetSecondFactor(user: string, options?: CallOptions): Promise<void>;
}

interface SelfReview {
  readonly status: { readonly userInfo: { readonly username: string; readonly groups: readonly string[] } };
}
type Items = { readonly items: readonly CredentialInfo[] };

export const createPeopleApi = (http: Transport): PeopleApi => {
  const of = (user: string, part: string): string => `${toObjectPath(users, user)}/${part}`;
  const tell = async (
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    { signal }: CallOptions = {},
    body?: object,
  ): Promise<void> => {
    await http.json({ method, path, signal, ...(body === undefined ? {} : { body }) });
  };
  return {
    whoAmI: async ({ signal } = {}) => {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const review = await http.json<SelfReview>({ method: 'POST', path, body: {}, signal });
      return review.status.userInfo;
    },
    createToken: (wish, { signal } = {}) =>
      http.json({ method: 'POST', path: '/auth/tokens', body: wish, signal }),
    createCertificate: (wish, { signal } = {}) =>
      http.json({ method: 'POST', path: '/auth/certificates', body: wish, signal }),
    ownCredentials: async (kind, { signal } = {}) =>
      (await http.json<Items>({ path: `/auth/${kind}s`, signal })).items,
    revokeOwn: (kind, id, options) => tell('DELETE', `/auth/${kind}s/${encodeURIComponent(id)}`, options),
    revokeOtherSessions: (options) => tell('DELETE', '/auth/sessions', options),
    changePassword: (current, password, options) =>
      tell('POST', '/auth/password', options, { current, password }),
    beginTotp: (password, { signal } = {}) =>
      http.json({ method: 'POST', path: '/auth/totp', body: { password }, signal }),
    confirmTotp: (code, { signal } = {}) =>
      http.json({ method: 'POST', path: '/auth/totp/confirm', body: { code }, signal }),
    removeTotp: (password, options) => tell('POST', '/auth/totp/remove', options, { password }),
    account: ({ signal } = {}) => http.json({ path: '/auth/account', signal }),
    passkeys: async ({ signal } = {}) =>
      (await http.json<{ readonly items: readonly PasskeyInfo[] }>({ path: '/auth/passkeys', signal })).items,
    beginPasskey: (password, { signal } = {}) =>
      http.json({ method: 'POST', path: '/auth/passkeys/options', body: { password }, signal }),
    finishPasskey: (name, response, options) => tell('POST', '/auth/passkeys', options, { name, response }),
    removePasskey: (id, password, options) =>
      tell('POST', `/auth/passkeys/${encodeURIComponent(id)}/remove`, options, { password }),
    createAccountToken: async ({ namespace, name }, expiresSeconds, { signal } = {}) => {
      const path = `${toObjectPath(serviceAccounts, name, namespace)}/token`;
      const body = { spec: { expirationSeconds: expiresSeconds } };
      const made = await http.json<{ readonly status: { readonly token: string } }>({
        method: 'POST',
        path,
        body,
        signal,
      });
      return made.status.token;
    },
    setPassword: (user, password, options) => tell('PUT', of(user, 'password'), options, { password }),
    removePassword: (user, options) => tell('DELETE', of(user, 'password'), options),
    createLink: (user, expiresSeconds, { signal } = {}) =>
      http.json({ method: 'POST', path: of(user, 'link'), body: { expiresSeconds }, signal }),
    credentialsOf: async (user, { signal } = {}) =>
      (await http.json<Items>({ path: of(user, 'sessions'), signal })).items,
    revokeOf: (user, id, options) =>
      tell('DELETE', of(user, id === undefined ? 'sessions' : `sessions/${encodeURIComponent(id)}`), options),
    resetSecondFactor: (user, options) => tell('DELETE', of(user, 'secondfactor'), options),
  };
};
