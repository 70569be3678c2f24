// Owns acting as somebody else: the Impersonate-* headers of Kubernetes.
// I1: each thing that is taken on - user or service account, every group, uid, every extra value - is asked for by
//     itself with the verb impersonate; one refusal refuses the request.
// I2: who acts as somebody has nothing of their own left but the note of who they really are and what proved it.
// I3: headers that take on something without a user are refused, never ignored.
import { ApiError, serviceAccountGroups, serviceAccountOf } from '@drover/api';
import { forbidden } from './forbidden.ts';
import {
  anonymousUser,
  authenticatedGroup,
  credentialOf,
  type Identity,
  identityName,
  type UserIdentity,
  unauthenticatedGroup,
} from './identity.ts';
import type { Attributes, Decision } from './permissions.ts';

/** Header names in lower case, each value by itself (IncomingMessage.headersDistinct). */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';
const authentication = 'authentication.k8s.io';
const maxValues = 200;

const refuse = (why: string): never => {
  throw new ApiError('BadRequest', `cannot act as somebody else: ${why}`);
};

const single = (headers: DistinctHeaders, name: string): string => {
  const values = headers[name] ?? [];
  if (values.length > 1) refuse(`${name} is given ${values.length} times`);
  return values[0] ?? '';
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('the name of an extra header is not percent-encoded UTF-8');
  }
};

const extraOf = (headers: DistinctHeaders): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(extraPrefix))
      .map(([name, values]) => [decoded(name.slice(extraPrefix.length)), values ?? []]),
  );

/** Whether any of these headers is there: what follows is asked of such requests only. */
export const actsAsOther = (headers: Readonly<Record<string, unknown>>): boolean => {
  for (const name in headers) if (name.startsWith(prefix)) return true;
  return false;
};

interface Wanted {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** undefined: the request is its sender's own. Throws BadRequest (I3). */
const parseWanted = (headers: DistinctHeaders): Wanted | undefined => {
  const names = Object.keys(headers).filter((name) => name.startsWith(prefix));
  if (names.length === 0) return undefined;
  const known = (name: string): boolean =>
    ['user', 'uid', 'group'].some((one) => name === prefix + one) || name.startsWith(extraPrefix);
  const foreign = names.find((name) => !known(name));
  if (foreign !== undefined) refuse(`the header ${foreign.slice(0, 100)} is not known`);
  const user = single(headers, `${prefix}user`);
  if (user === '') refuse('Impersonate-User is needed with the other Impersonate headers');
  const wanted = {
    user,
    uid: single(headers, `${prefix}uid`),
    groups: headers[`${prefix}group`] ?? [],
    extra: extraOf(headers),
  };
  const count = wanted.groups.length + Object.values(wanted.extra).flat().length;
  if (count > maxValues) refuse(`more than ${maxValues} groups and extra values`);
  return wanted;
};

const ask = (resource: string, name: string, more: Partial<Attributes> = {}): Attributes => ({
  verb: 'impersonate',
  resource,
  name,
  ...more,
});

/** What has to be allowed (I1). */
const asksOf = ({ user, uid, groups, extra }: Wanted): readonly Attributes[] => {
  const account = serviceAccountOf(user);
  return [
    account === undefined
      ? ask('users', user)
      : ask('serviceaccounts', account.name, { namespace: account.namespace }),
    ...groups.map((group) => ask('groups', group)),
    ...(uid === '' ? [] : [ask(`uids.${authentication}`, uid)]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ask(`userextras.${authentication}`, value, { subresource: key })),
    ),
  ];
};

/** Groups that come with the user: as Kubernetes adds them. */
const groupsOf = ({ user, groups }: Wanted): readonly string[] => {
  const account = serviceAccountOf(user);
  if (account !== undefined && groups.length === 0) return serviceAccountGroups(account.namespace);
  const always = user === anonymousUser ? unauthenticatedGroup : authenticatedGroup;
  const isSettled = groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup);
  return isSettled ? groups : [...groups, always];
};

/**
 * Whom the request is to be judged as: `identity` itself, or whom the headers name.
 * @throws ApiError Forbidden, BadRequest.
 */
export const impersonate = (
  authorize: (identity: Identity, attributes: Attributes) => Decision,
  identity: Identity,
  headers: DistinctHeaders,
): Identity => {
  const wanted = parseWanted(headers);
  if (wanted === undefined) return identity;
  for (const attributes of asksOf(wanted)) {
    const { allowed, reason } = authorize(identity, attributes);
    if (!allowed) throw forbidden(identity, attributes, reason);
  }
  const credential = credentialOf(identity);
  const user: UserIdentity = {
    kind: 'user',
    name: wanted.user,
    groups: groupsOf(wanted),
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }),
    impersonator: identityName(identity),
    // The bounds of a token hold whoever it acts as.
    ...(identity.kind === 'user' && identity.scope !== undefined ? { scope: identity.scope } : {}),
    ...(credential === '' ? {} : { credential }),
  };
  return user;
};
