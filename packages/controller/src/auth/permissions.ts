// Owns who may do what: one decision for every request.
// I1: what nothing allows is refused.
// I2: users (people and service accounts) are judged by roles; members of system:masters may everything.
// I3: enrolment tokens and nodes are judged by the table below and by nothing else: a role that is given to
//     everybody does not open anything to a line that was pasted on a server.
// I4: a bootstrap identity sees no certificate request but those made with its own token; it may not watch, since
//     a name that is free when the watch begins may be taken with another token.
// I5: a token with bounds may what its owner may and its bounds allow, whoever the owner is.
import { allows, certificateSigningRequestKind, resourceKey } from '@drover/api';
import type { Resources } from '../resources/resources.ts';
import { type Identity, identityName, mastersGroup, type Scope, type UserIdentity } from './identity.ts';
import type { Roles } from './rbac/roles.ts';

/** What requests do. Roles may name other verbs too: impersonate, escalate, bind ... */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What somebody wants to do; '' or absent where it does not apply. */
export interface Attributes {
  readonly verb: string;
  /** resourceKey of a kind, or the name of what is not a kind: 'content', 'join', 'tokens' ... */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** For what is not a kind: how nonResourceURLs of roles know it. */
  readonly url?: { readonly verb: string; readonly path: string };
}

export interface Decision {
  readonly allowed: boolean;
  /** Why not, for people; '' when allowed or when there is nothing to add. */
  readonly reason: string;
}

const csrKey = resourceKey(certificateSigningRequestKind);

interface Rule {
  readonly who: Exclude<Identity['kind'], 'user'>;
  readonly verbs: readonly Verb[];
  readonly resource: string;
  /** Only objects that the asker made. */
  readonly own?: true;
}

const table: readonly Rule[] = [
  { who: 'bootstrap', verbs: ['create'], resource: csrKey },
  { who: 'bootstrap', verbs: ['get'], resource: csrKey, own: true },
  { who: 'bootstrap', verbs: ['get'], resource: 'join' },
  { who: 'node', verbs: ['get', 'create', 'update'], resource: 'content' },
];

const allow: Decision = { allowed: true, reason: '' };
const deny = (reason: string): Decision => ({ allowed: false, reason });
const denied = deny('');

/** 'commandruns.drover.dev' → its parts; core kinds have no dot. */
export const splitKey = (key: string): { readonly plural: string; readonly group: string } => {
  const dot = key.indexOf('.');
  return dot < 0 ? { plural: key, group: '' } : { plural: key.slice(0, dot), group: key.slice(dot + 1) };
};

const toWish = ({ verb, resource, subresource = '', name = '', url }: Attributes) => {
  if (url !== undefined) return url;
  const { plural, group } = splitKey(resource);
  return { verb, group, resource: subresource === '' ? plural : `${plural}/${subresource}`, name };
};

/** I5. */
const isWithin = ({ rules, namespaces }: Scope, attributes: Attributes): boolean => {
  const isInside = attributes.url === undefined && namespaces?.includes(attributes.namespace ?? '');
  if (namespaces !== undefined && isInside !== true) return false;
  return rules === undefined || rules.some((rule) => allows(rule, toWish(attributes)));
};

/** I2. */
const decideByRoles = (roles: Roles, user: UserIdentity, attributes: Attributes): Decision => {
  if (user.scope !== undefined && !isWithin(user.scope, attributes))
    return deny('it is beyond the bounds of the token or session');
  if (user.groups.includes(mastersGroup)) return allow;
  const { index, missing } = roles.grantOf(user, attributes.url ? '' : (attributes.namespace ?? ''));
  if (index.allows(toWish(attributes))) return allow;
  return missing.length === 0 ? denied : deny(`RBAC: ${missing.join(', ')}`);
};

/** An absent object counts as one's own: the answer is then "not found", which says more. */
const isOwn = (resources: Pick<Resources, 'find'>, identity: Identity, name: string): boolean => {
  const found = resources.find(certificateSigningRequestKind, '', name);
  if (found === undefined) return true;
  // Stored objects have been validated: spec is an object.
  const spec = found['spec'] as { readonly username?: string };
  return spec.username === identityName(identity);
};

/** I3, I4. */
const decideByTable = (
  resources: Pick<Resources, 'find'>,
  identity: Identity,
  { verb, resource, subresource = '', name = '' }: Attributes,
): Decision => {
  const rule = table.find(
    (r) =>
      r.who === identity.kind &&
      r.resource === resource &&
      r.verbs.some((v) => v === verb) &&
      subresource === '',
  );
  if (rule === undefined) return denied;
  if (rule.own !== true) return allow;
  if (name === '') return deny('name the request: only your own may be read');
  return isOwn(resources, identity, name) ? allow : deny('it was made with another token');
};

/** Whether `identity` may; the reason names what would be needed. */
export const decide = (
  deps: { readonly resources: Pick<Resources, 'find'>; readonly roles: Roles },
  identity: Identity,
  attributes: Attributes,
): Decision =>
  identity.kind === 'user'
    ? decideByRoles(deps.roles, identity, attributes)
    : decideByTable(deps.resources, identity, attributes);
