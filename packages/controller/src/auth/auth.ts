// Owns sign-in by what Drover has made: links, sessions, API tokens, certificates, and the identities that they prove.
// I1: only sha256 of a secret is stored and looked up by: comparing takes the same time whatever is guessed.
// I2: a one-time link works once, even when two take it at the same moment.
// I3: failed tries are slowed per address; who has proved a secret before is not slowed by a neighbour's guesses.
// I4: what a secret proves is asked anew for each request: revoked, disabled or deleted, and it proves nobody.
// I5: a certificate counts before a token or a session of the same request, as in Kubernetes; one that proves nobody leaves it to
//     those. Of groups it gives those that it names and its holder is in at this moment.
import { ApiError, adminUser, type Kind, type KubeObject, type PolicyRule, userKind } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { isDiskRefusal } from '../platform/disk-refusal.ts';
import { sha256Hex } from '../platform/ids.ts';
import type { CredentialDetails, CredentialRow, CredentialStore } from '../store/store.ts';
import { findToken } from './enrollment-secret.ts';
import { authenticatedGroup, type Identity, toSubject, type UserIdentity } from './identity.ts';
import { checkTokenLife, createIssuer, isOver, type Owner } from './issue.ts';
import { isLaterKind, stampLater } from './later/requester.ts';
import { createPeople, type People } from './people/person.ts';
import { type Attributes, type Decision, decide } from './permissions.ts';
import { createPolicyGate, type PolicyGate } from './policy/gate.ts';
import type { PolicyReader } from './policy/policies.ts';
import { createWriteGuards, type WriteGuard } from './rbac/escalation.ts';
import { checkMayReplace } from './rbac/person-guard.ts';
import { createRoles, type RoleReader } from './rbac/roles.ts';
import type { Stamp } from './run-policy/approval.ts';
import { identityOfAccount, isTokenUser, toTokenUser } from './service-account-token.ts';
import { readSecret, setCookie } from './session-cookie.ts';
import { createThrottle, type Throttle } from './throttle.ts';

export { adminUser };

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** sha256 (hex) of the certificate that the other end holds the key of, and that our CA has signed. */
  readonly certificate?: string | undefined;
  /** Absent: not slowed. */
  readonly remoteAddress?: string | undefined;
}

/** What a new API token is to be. */
export interface TokenWish {
  readonly description: string;
  /** Absent: 30 days. 0: never expires. */
  readonly expiresSeconds?: number;
  readonly rules?: readonly PolicyRule[];
  readonly namespaces?: readonly string[];
}

export interface Auth {
  /**
   * The identity that certificate or headers prove; undefined when they hold none or a wrong one. The certificate
   * counts first (I5), and a bearer token before the cookie. @throws ApiError TooManyRequests for an address that guesses.
   */
  authenticate(request: Credentials): Promise<Identity | undefined>;
  /** Whether what proved this identity still proves it. */
  isStillGood(identity: Identity): Promise<boolean>;
  authorize(identity: Identity, attributes: Attributes): Decision;
  /** All that roles give the identity in a namespace, and what keeps it from being all the truth. */
  rulesOf(
    identity: Identity,
    namespace: string,
  ): { readonly rules: readonly PolicyRule[]; readonly missing: readonly string[] };
  /** What looks at a write of this kind before it is stored; undefined: nothing has to. */
  guard(kind: Kind, identity: Identity): WriteGuard | undefined;
  /** What puts into a changed object of this kind what only we write; undefined: nothing is. */
  stamp(kind: Kind, identity: Identity): Stamp | undefined;
  /** Who that user or service account is now; undefined: nobody any more. */
  identityOf(name: string, uid: string): UserIdentity | undefined;
  /** What policies say to what somebody writes. */
  readonly policies: PolicyGate;
  /** @throws ApiError Forbidden unless the identity has all that the user has: it may then stand for them. */
  checkMayReplace(identity: Identity, user: string): void;
  /** A secret that `takeLink` accepts once, within 15 minutes unless it is said. @throws ApiError NotFound. */
  createLink(user: string, lifeMs?: number): Promise<string>;
  /** Trades a link for a session of 12 hours: the value of Set-Cookie. Undefined when used or expired. */
  takeLink(
    secret: string,
    from?: CredentialDetails,
  ): Promise<{ readonly cookie: string; readonly user: string } | undefined>;
  /** An API token. @throws ApiError Invalid, NotFound. */
  createToken(user: string, wish: TokenWish): Promise<{ readonly token: string; readonly id: string }>;
  /** A token of a service account, which ends with it. @throws ApiError Invalid. */
  createAccountToken(
    account: KubeObject,
    lifeSeconds: number,
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** Ends the session or removes the token that the headers hold: the value of Set-Cookie that forgets it. */
  signOut(request: Credentials): Promise<{ readonly cookie: string }>;
}

const linkLifeMs = 15 * 60_000;
const tokenLifeSeconds = 30 * 86_400;
const maxProven = 10_000;
const touchMs = 60_000;

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

const scopeOf = ({ rules, namespaces, enrolOnly }: CredentialDetails): Pick<UserIdentity, 'scope'> => {
  if (enrolOnly === true) return { scope: { rules: [] } };
  if (rules === undefined && namespaces === undefined) return {};
  const bounds = {
    ...(rules === undefined ? {} : { rules }),
    ...(namespaces === undefined ? {} : { namespaces }),
  };
  return { scope: bounds };
};

/** I5. With fewer groups than its holder has, it makes nothing new, like a token with bounds. */
const withGroupsOf = (identity: UserIdentity, { kind, details }: CredentialRow): UserIdentity => {
  if (kind !== 'certificate') return identity;
  const named = [...(details.groups ?? []), authenticatedGroup];
  const groups = identity.groups.filter((group) => named.includes(group));
  return groups.length === identity.groups.length ? identity : { ...identity, groups, scope: {} };
};

/** Whom a row proves now; undefined: nobody (I4). */
const identityOfRow = (deps: AuthDeps, people: People, row: CredentialRow): UserIdentity | undefined => {
  if (isOver(row, deps.clock.nowMs())) return undefined;
  const found = isTokenUser(row.user)
    ? identityOfAccount(deps.resources, row.user)
    : people.identityOf(row.user, row.userUid);
  return (
    found && { ...withGroupsOf(found, row), credential: `${row.kind}/${row.id}`, ...scopeOf(row.details) }
  );
};

/** Notes that it has served, at most once a minute. Who reads is let in, also while the disk cannot be written. */
const touch = async ({ store, clock }: AuthDeps, row: CredentialRow): Promise<void> => {
  const nowMs = clock.nowMs();
  if (nowMs - row.lastUsedMs < touchMs) return;
  await store.credentials.touch(row.id, nowMs).catch((error: unknown) => {
    if (!isDiskRefusal(error)) throw error;
  });
};

const authenticateWith = (deps: AuthDeps, people: People, throttle: Throttle): Auth['authenticate'] => {
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
    const identity = identityOfRow(deps, people, row);
    if (identity !== undefined) await touch(deps, row);
    return identity;
  };
  const proveByCertificate = async (sha256: string): Promise<Identity | undefined> => {
    const row = await deps.store.credentials.bySha256(sha256);
    const identity = row?.kind === 'certificate' ? identityOfRow(deps, people, row) : undefined;
    if (row !== undefined && identity !== undefined) await touch(deps, row);
    return identity;
  };
  return async (request) => {
    if (request.certificate !== undefined) {
      const identity = await proveByCertificate(request.certificate);
      if (identity !== undefined) return identity;
    }
    const { from, secret } = readSecret(request);
    const address = request.remoteAddress;
    if (secret === '') return undefined;
    const hash = sha256Hex(secret);
    const waitMs = address === undefined || proven.has(hash) ? 0 : throttle.waitMs(address);
    if (waitMs > 0) refuseGuesser(waitMs);
    const identity = await prove(from, secret, hash);
    if (identity !== undefined) proven.add(hash);
    // Who shows a secret that was right until its end has not guessed: every tab that is open does when a session ends.
    else if (address !== undefined && !proven.has(hash)) throttle.failed(address);
    return identity;
  };
};

export interface AuthDeps {
  readonly store: {
    readonly credentials: Pick<
      CredentialStore,
      'add' | 'bySha256' | 'byId' | 'take' | 'remove' | 'list' | 'touch'
    >;
  };
  readonly resources: RoleReader & PolicyReader;
  readonly clock: Clock;
}

/** @throws ApiError NotFound: nobody of this name may sign in. */
const ownerOf = (people: Pick<People, 'identityOf'>, resources: RoleReader, name: string): Owner => {
  // The first administrator's links and tokens outlive the object: they are the way in when nothing else is.
  const uid = name === adminUser ? '' : (resources.find(userKind, '', name)?.metadata.uid ?? '');
  if (people.identityOf(name, uid) !== undefined) return { user: name, uid };
  throw new ApiError('NotFound', `cannot sign in as "${name}": there is no such user, or it is disabled`);
};

const secretsOf = (
  deps: AuthDeps,
  people: People,
): Pick<Auth, 'createLink' | 'takeLink' | 'createToken' | 'createAccountToken' | 'signOut'> => {
  const { credentials } = deps.store;
  const issuer = createIssuer({ credentials, clock: deps.clock });
  const owner = (name: string): Owner => ownerOf(people, deps.resources, name);
  return {
    createAccountToken: async (account, lifeSeconds) => {
      checkTokenLife(lifeSeconds);
      const { secret, expiresAtMs } = await issuer.issue({
        kind: 'token',
        owner: { user: toTokenUser(account), uid: '' },
        description: 'service account token',
        lifeMs: lifeSeconds * 1000,
      });
      return { token: secret, expiresAtMs };
    },
    createLink: async (user, lifeMs = linkLifeMs) => {
      const wish = { kind: 'link', owner: owner(user), description: 'sign-in link', lifeMs } as const;
      return (await issuer.issue(wish)).secret;
    },
    takeLink: async (secret, from = {}) => {
      const hash = sha256Hex(secret);
      const found = await credentials.bySha256(hash);
      const row = found?.kind === 'link' ? await credentials.take(hash) : undefined;
      if (row === undefined || identityOfRow(deps, people, row) === undefined) return undefined;
      const owner = { user: row.user, uid: row.userUid };
      return { ...(await issuer.issueSession(owner, { method: 'link', ...from })), user: row.user };
    },
    createToken: async (user, { description, expiresSeconds = tokenLifeSeconds, rules, namespaces }) => {
      checkTokenLife(expiresSeconds);
      const { secret, id } = await issuer.issue({
        kind: 'token',
        owner: owner(user),
        description,
        lifeMs: expiresSeconds * 1000,
        details: {
          ...(rules === undefined ? {} : { rules }),
          ...(namespaces === undefined ? {} : { namespaces }),
        },
      });
      return { token: secret, id };
    },
    signOut: async (request) => {
      await credentials.take(sha256Hex(readSecret(request).secret));
      return { cookie: setCookie('', 0) };
    },
  };
};

export const createAuth = (deps: AuthDeps): Auth => {
  const throttle = createThrottle(deps.clock);
  const roles = createRoles(deps.resources);
  const people = createPeople(deps.resources);
  const authorize: Auth['authorize'] = (identity, attributes) =>
    decide({ resources: deps.resources, roles }, identity, attributes);
  return {
    authenticate: authenticateWith(deps, people, throttle),
    isStillGood: async (identity) => {
      if (identity.kind !== 'user' || identity.credential === undefined) return true;
      const row = await deps.store.credentials.byId(identity.credential.split('/')[1] ?? '');
      return row !== undefined && identityOfRow(deps, people, row) !== undefined;
    },
    authorize,
    rulesOf: (identity, namespace) => {
      if (identity.kind !== 'user') return { rules: [], missing: [] };
      const { index, missing } = roles.grantOf(toSubject(identity), namespace);
      const bounds = identity.scope === undefined ? [] : ['what proves who you are has bounds of its own'];
      return { rules: index.rules, missing: [...missing, ...bounds] };
    },
    guard: createWriteGuards({ roles, authorize, people, resources: deps.resources }),
    stamp: (kind, identity) => (isLaterKind(kind) ? stampLater(deps.clock, identity) : undefined),
    identityOf: (name, uid) => {
      const account = `${name}:${uid}`;
      return isTokenUser(account) ? identityOfAccount(deps.resources, account) : people.identityOf(name, uid);
    },
    policies: createPolicyGate({ resources: deps.resources, authorize }),
    checkMayReplace: (identity, user) => checkMayReplace({ roles, people }, identity, user),
    ...secretsOf(deps, people),
  };
};
