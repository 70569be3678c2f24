// Owns who may do what until roles (RBAC) arrive: one table, read from top to bottom.
// I1: what no line allows is refused.
// I2: a bootstrap identity sees no certificate request but those made with its own token; it may not watch, since
//     a name that is free when the watch begins may be taken with another token.
import { certificateSigningRequestKind, resourceKey } from '@drover/api';
import type { Resources } from '../resources/resources.ts';
import { type Identity, identityName } from './identity.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What somebody wants to do; '' or absent where it does not apply. */
export interface Attributes {
  readonly verb: Verb;
  /** resourceKey of a kind, or the name of what is not a kind: 'content', 'join', 'tokens' ... */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Why not, for people; '' when allowed or when there is nothing to add. */
  readonly reason: string;
}

/** Members may do everything. */
export const mastersGroup = 'system:masters';

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

/** An absent object counts as one's own: the answer is then "not found", which says more. */
const isOwn = (resources: Pick<Resources, 'find'>, identity: Identity, name: string): boolean => {
  const found = resources.find(certificateSigningRequestKind, '', name);
  if (found === undefined) return true;
  // Stored objects have been validated: spec is an object.
  const spec = found['spec'] as { readonly username?: string };
  return spec.username === identityName(identity);
};

/** Whether `identity` may; the reason names what would be needed. */
export const decide = (
  resources: Pick<Resources, 'find'>,
  identity: Identity,
  { verb, resource, subresource = '', name = '' }: Attributes,
): Decision => {
  if (identity.kind === 'user') {
    return identity.groups.includes(mastersGroup) ? allow : deny(`needs group ${mastersGroup}`);
  }
  const rule = table.find(
    (r) => r.who === identity.kind && r.resource === resource && r.verbs.includes(verb) && subresource === '',
  );
  if (rule === undefined) return deny('');
  if (rule.own !== true) return allow;
  if (name === '') return deny('name the request: only your own may be read');
  return isOwn(resources, identity, name) ? allow : deny('it was made with another token');
};
