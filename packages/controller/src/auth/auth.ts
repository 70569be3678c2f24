// Owns sign-in: links, sessions, API tokens and the identities that they prove.
// I1: only sha256 of a secret is stored and looked up by: comparing takes the same time whatever is guessed.
// I2: a one-time link works once, even when two take it at the same moment.
// I3: failed tries are slowed per address; who has proved a secret before is not slowed by a neighbour's guesses.
import { ApiError, type Kind, type KubeObject, type PolicyRule } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { newId, newSecret, sha256Hex } from '../platform/ids.ts';
import type { CredentialRow, CredentialStore } from '../store/store.ts';
import { findToken } from './enrollment-secret.ts';
import { authenticatedGroup, type Identity, mastersGroup, toSubject, type UserIdentity } from './identity.ts';
import { type Attributes, type Decision, decide } from './permissions.ts';
import { createWriteGuards, type WriteGuard } from './rbac/escalation.ts';
import { createRoles, type RoleReader } from './rbac/roles.ts';
import { identityOfAccount, isTokenUser, toTokenUser } from './service-account-token.ts';
import { createThrottle, type Throttle } from './throttle.ts';

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** Absent: not slowed. */
  readonly remoteAddress?: string | undefined;
}

export interface Auth {
  /**
   * The identity that the headers prove; undefined when they hold none or a wrong one. A bearer token counts
   * before the cookie. @throws ApiError TooManyRequests for an address that guesses.
   */
  authenticate(request: Credentials): Promise<Identity | undefined>;
  authorize(identity: Identity, attributes: Attributes): Decision;
  /** All that roles give the identity in a namespace, and which roles of its bindings are not there. */
  rulesOf(
    identity: Identity,
    namespace: string,
  ): { readonly rules: readonly PolicyRule[]; readonly missing: readonly string[] };
  /** What looks at a write of this kind before it is stored; undefined: nothing has to. */
  guard(kind: Kind, identity: Identity): WriteGuard | undefined;
  /** A secret that `takeLink` accepts once, within 15 minutes. */
  createLink(user: string): Promise<string>;
  /** Trades a link for a session of 12 hours: the value of Set-Cookie. Undefined when used or expired. */
  takeLink(secret: string): Promise<{ readonly cookie: string } | undefined>;
  /** An API token. expiresSeconds: absent = 30 days, 0 = never expires. @throws ApiError Invalid. */
  createToken(
    user: string,
    options: { readonly description: string; readonly expiresSeconds?: number },
  ): Promise<{ readonly token: string }>;
  /** A token of a service account, which ends with it. @throws ApiError Invalid. */
  createAccountToken(
    account: KubeObject,
    lifeSeconds: number,
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** Ends the session or removes the token that the headers hold: the value of Set-Cookie that forgets it. */
  signOut(request: Credentials): Promise<{ readonly cookie: string }>;
}

/** The first user: may do everything. */
export const adminUser = 'admin';

const cookieName = '__Host-drover-session';
const tokenPrefix = 'drover_';
const linkLifeMs = 15 * 60_000;
const sessionLifeMs = 12 * 3_600_000;
const tokenLifeSeconds = 30 * 86_400;
const maxTokenLifeSeconds = 10 * 366 * 86_400;
const maxSecretLength = 512;
const maxProven = 10_000;

const setCookie = (value: string, maxAgeSeconds: number): string =>
  `${cookieName}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=Strict`;

const identityOfUser = (user: string): UserIdentity => ({
  kind: 'user',
  name: user,
  groups: user === adminUser ? [mastersGroup, authenticatedGroup] : [authenticatedGroup],
});

/** The secret that the headers carry, and where. '' when they carry none that could be ours. */
const readSecret = ({
  authorization,
  cookie,
}: Credentials): { readonly from: 'bearer' | 'cookie'; readonly secret: string } => {
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
    return { from: 'bearer', secret: secret.length > maxSecretLength ? '' : secret };
  }
  const pairs = (cookie ?? '').split(';').map((pair) => pair.trim());
  const own = pairs.find((pair) => pair.startsWith(`${cookieName}=`)) ?? '';
  const secret = own.slice(cookieName.length + 1);
  return { from: 'cookie', secret: secret.length > maxSecretLength ? '' : secret };
};

const refuseGuesser = (waitMs: number): never => {
  const seconds = Math.ceil(waitMs / 1000);
  throw new ApiError(
    'TooManyRequests',
    `cannot sign in: too many wrong secrets from this address; try again in ${seconds} s`,
    { retryAfterSeconds: seconds },
  );
};

/** Remembers hashes of secrets that were right, the newest few thousand (I3). */
const createProven = () => {
  const hashes = new Set<string>();
  return {
    has: (hash: string): boolean => hashes.has(hash),
    add: (hash: string): void => {
      hashes.add(hash);
      for (const oldest of hashes) {
        if (hashes.size <= maxProven) return;
        hashes.delete(oldest);
      }
    },
  };
};

const authenticateWith = (deps: AuthDeps, throttle: Throttle): Auth['authenticate'] => {
  const proven = createProven();
  const prove = async (
    from: 'bearer' | 'cookie',
    secret: string,
    hash: string,
  ): Promise<Identity | undefined> => {
    if (from === 'bearer' && secret.includes('.')) {
      const token = findToken(deps, secret);
      return token === undefined ? undefined : { kind: 'bootstrap', token: token.metadata.name ?? '' };
    }
    const row = await deps.store.credentials.bySha256(hash);
    if (row === undefined || row.kind !== (from === 'bearer' ? 'token' : 'session')) return undefined;
    const expired = row.expiresAtMs !== 0 && row.expiresAtMs <= deps.clock.nowMs();
    if (expired) return undefined;
    const credential = `${row.kind}/${row.id}`;
    const user = isTokenUser(row.user)
      ? identityOfAccount(deps.resources, row.user)
      : identityOfUser(row.user);
    return user && { ...user, credential };
  };
  return async (request) => {
    const { from, secret } = readSecret(request);
    const address = request.remoteAddress;
    if (secret === '') return undefined;
    const hash = sha256Hex(secret);
    const waitMs = address === undefined || proven.has(hash) ? 0 : throttle.waitMs(address);
    if (waitMs > 0) refuseGuesser(waitMs);
    const identity = await prove(from, secret, hash);
    if (identity !== undefined) proven.add(hash);
    else if (address !== undefined) throttle.failed(address);
    return identity;
  };
};

/** Credentials that have expired are of no use to anybody. */
const removeExpired = async ({ store, clock }: AuthDeps): Promise<void> => {
  for (const kind of ['link', 'session', 'token'] as const) {
    for (const row of await store.credentials.list(kind)) {
      if (row.expiresAtMs !== 0 && row.expiresAtMs <= clock.nowMs()) await store.credentials.remove(row.id);
    }
  }
};

const addWith =
  ({ store, clock }: AuthDeps) =>
  async (
    kind: CredentialRow['kind'],
    user: string,
    wanted: { readonly prefix: string; readonly description: string; readonly lifeMs: number },
  ): Promise<string> => {
    const secret = `${wanted.prefix}${newSecret()}`;
    const nowMs = clock.nowMs();
    await store.credentials.add({
      id: newId(),
      kind,
      sha256: sha256Hex(secret),
      user,
      description: wanted.description,
      createdAtMs: nowMs,
      expiresAtMs: wanted.lifeMs === 0 ? 0 : nowMs + wanted.lifeMs,
    });
    return secret;
  };

const checkTokenLife = (seconds: number): void => {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= maxTokenLifeSeconds) return;
  const message = `must be a whole number of seconds from 0 (never) to ${maxTokenLifeSeconds}`;
  throw new ApiError('Invalid', `cannot create the token: expiresSeconds ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'expiresSeconds' }],
  });
};

export interface AuthDeps {
  readonly store: {
    readonly credentials: Pick<CredentialStore, 'add' | 'bySha256' | 'take' | 'remove' | 'list'>;
  };
  readonly resources: RoleReader;
  readonly clock: Clock;
}

export const createAuth = (deps: AuthDeps): Auth => {
  const throttle = createThrottle(deps.clock);
  const add = addWith(deps);
  const { credentials } = deps.store;
  const roles = createRoles(deps.resources);
  const authorize: Auth['authorize'] = (identity, attributes) =>
    decide({ resources: deps.resources, roles }, identity, attributes);
  return {
    authenticate: authenticateWith(deps, throttle),
    authorize,
    rulesOf: (identity, namespace) => {
      if (identity.kind !== 'user') return { rules: [], missing: [] };
      const { index, missing } = roles.grantOf(toSubject(identity), namespace);
      return { rules: index.rules, missing };
    },
    guard: createWriteGuards({ roles, authorize }),
    createAccountToken: async (account, lifeSeconds) => {
      checkTokenLife(lifeSeconds);
      await removeExpired(deps);
      const wanted = { description: 'service account token', lifeMs: lifeSeconds * 1000 };
      const token = await add('token', toTokenUser(account), { prefix: tokenPrefix, ...wanted });
      return { token, expiresAtMs: deps.clock.nowMs() + wanted.lifeMs };
    },
    createLink: async (user) => {
      await removeExpired(deps);
      return add('link', user, { prefix: '', description: 'sign-in link', lifeMs: linkLifeMs });
    },
    takeLink: async (secret) => {
      const hash = sha256Hex(secret);
      const found = await credentials.bySha256(hash);
      const row = found?.kind === 'link' ? await credentials.take(hash) : undefined;
      if (row === undefined || row.expiresAtMs <= deps.clock.nowMs()) return undefined;
      const wanted = { prefix: '', description: 'browser session', lifeMs: sessionLifeMs };
      const session = await add('session', row.user, wanted);
      return { cookie: setCookie(session, sessionLifeMs / 1000) };
    },
    createToken: async (user, { description, expiresSeconds = tokenLifeSeconds }) => {
      checkTokenLife(expiresSeconds);
      await removeExpired(deps);
      const wanted = { prefix: tokenPrefix, description, lifeMs: expiresSeconds * 1000 };
      return { token: await add('token', user, wanted) };
    },
    signOut: async (request) => {
      await credentials.take(sha256Hex(readSecret(request).secret));
      return { cookie: setCookie('', 0) };
    },
  };
};
