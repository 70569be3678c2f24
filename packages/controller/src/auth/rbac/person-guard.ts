// Owns that nobody becomes more than they are through people and groups.
// I1: who puts somebody into a group holds everything that the group gives, in every namespace.
// I2: who takes the place of somebody - sets a password, makes a sign-in link, resets a second factor, approves a
//     certificate - holds everything that they have. Members of system:masters are touched by their like only.
// I3: what is told of a person's ways to sign in (status) is written by the controller.
// I4: who says how people prove who they are says who everybody is: sign-in methods are for system:masters.
// I5: of a token with bounds, those count: it holds no more than they say.
import {
  ApiError,
  type CertificateSigningRequest,
  clientSigner,
  type Group,
  groupKind,
  isEqualJson,
  type Kind,
  type KubeObject,
  notCovered,
  serviceAccountGroups,
  serviceAccountOf,
  signInMethodKind,
} from '@drover/api';
import { commonNameOf } from '../client-certificates.ts';
import { type Identity, mastersGroup, toSubject } from '../identity.ts';
import type { People } from '../people/person.ts';
import type { WriteGuard } from './escalation.ts';
import type { Roles, Subject } from './roles.ts';

interface Deps {
  readonly roles: Roles;
  readonly people: Pick<People, 'groupsOf'>;
}

/** Whether the identity has all that the subject has. */
const holdsAllOf = (roles: Roles, identity: Identity, subject: Subject): boolean => {
  const isMaster = toSubject(identity).groups.includes(mastersGroup);
  const scope = identity.kind === 'user' ? identity.scope : undefined;
  if (isMaster && scope === undefined) return true;
  if (scope !== undefined || subject.groups.includes(mastersGroup)) return false;
  return ['', ...roles.scopesOf(subject)].every((namespace) => {
    const wanted = roles.grantOf(subject, namespace).index.rules;
    return notCovered(roles.grantOf(toSubject(identity), namespace).index.rules, wanted).length === 0;
  });
};

const refuse = (kind: string, name: string, why: string): ApiError =>
  new ApiError('Forbidden', `${kind}.drover.dev "${name}" is forbidden: ${why}`, {
    name,
    group: 'drover.dev',
    kind,
  });

/** I2. @throws ApiError Forbidden. */
export const checkMayReplace = ({ roles, people }: Deps, identity: Identity, name: string): void => {
  if (identity.kind === 'user' && identity.impersonator !== undefined)
    throw refuse('users', name, 'this cannot be done while acting as somebody else');
  const account = serviceAccountOf(name);
  const groups = account === undefined ? people.groupsOf(name) : serviceAccountGroups(account.namespace);
  if (holdsAllOf(roles, identity, { name, groups })) return;
  throw refuse('users', name, `it may more than user "${toSubject(identity).name}"`);
};

// What the writer hands over has been validated by the schema of its kind.
const membersOf = (object: KubeObject | undefined): readonly string[] =>
  object === undefined ? [] : (object as unknown as Group).spec.members;

// Stored objects have been validated by the schema of their kind.
const asRequest = (object: KubeObject): CertificateSigningRequest =>
  object as unknown as CertificateSigningRequest;

const isApproved = (object: KubeObject | undefined): boolean =>
  object !== undefined &&
  (asRequest(object).status?.conditions ?? []).some(({ type }) => type === 'Approved');

/** I2. */
export const guardApproval =
  (deps: Deps, identity: Identity): WriteGuard =>
  (before, after) => {
    const { signerName, request } = asRequest(after).spec;
    if (signerName !== clientSigner || isApproved(before) || !isApproved(after)) return;
    checkMayReplace(deps, identity, commonNameOf(Buffer.from(request, 'base64').toString('latin1')));
  };

/** I1, I3, I4. */
export const guardPeople =
  ({ roles }: Deps, kind: Kind, identity: Identity): WriteGuard =>
  (before, after) => {
    const { name = '' } = after.metadata;
    if (kind === signInMethodKind)
      throw refuse('signinmethods', name, 'it would let its maker sign in as anybody: system:masters only');
    if (kind !== groupKind) {
      if (isEqualJson(before?.['status'] ?? {}, after['status'] ?? {})) return;
      throw refuse('users', name, 'its status is written by the controller');
    }
    const known = membersOf(before);
    if (membersOf(after).every((member) => known.includes(member))) return;
    if (holdsAllOf(roles, identity, { name: '', groups: [name] })) return;
    throw refuse('groups', name, `it gives more than user "${toSubject(identity).name}" has`);
  };
