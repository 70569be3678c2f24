// Owns that nobody gives more than they have: roles and bindings are looked at before they are stored.
// I1: who writes a role holds every rule of it, or may `escalate` it; who writes a binding holds every rule of its
//     role, or may `bind` it. Members of system:masters may both.
// I2: who makes or changes an aggregation rule holds everything: what it will gather is not known yet.
// I3: also a change of a label or annotation is looked at: a label may make a role part of another.
// I4: who holds a token with bounds holds no more than those: it gives nothing beyond them.
// I5: what is kept to be run later is a way to run it (later/requester.ts).
// I6: labels by which run policies select nodes are theirs who may change those policies (run-policy/label-guard.ts).
// I7: an SSHEnrollment uses a Secret, makes tokens and trusts host keys in the name of who writes it (ssh-enrolment.ts).
import {
  ApiError,
  type ClusterRole,
  certificateSigningRequestKind,
  clusterRoleBindingKind,
  clusterRoleKind,
  groupKind,
  isEqualJson,
  type Kind,
  type KubeObject,
  nodeKind,
  notCovered,
  type PolicyRule,
  type RoleBinding,
  rbacGroup,
  resourceKey,
  roleBindingKind,
  roleKind,
  signInMethodKind,
  sshEnrollmentKind,
  userKind,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { type Identity, mastersGroup, toSubject } from '../identity.ts';
import { guardLater, isLaterKind } from '../later/requester.ts';
import type { People } from '../people/person.ts';
import type { Attributes, Decision } from '../permissions.ts';
import { guardLabels } from '../run-policy/label-guard.ts';
import { guardSSHEnrolment } from '../ssh-enrolment.ts';
import { guardApproval, guardPeople } from './person-guard.ts';
import type { Roles } from './roles.ts';

/** For WriteOptions.guard; undefined for a kind that grants nothing. Throws Forbidden or NotFound. */
export type WriteGuard = (before: KubeObject | undefined, after: KubeObject) => void;

interface Deps {
  readonly roles: Roles;
  readonly authorize: (identity: Identity, attributes: Attributes) => Decision;
  readonly people: Pick<People, 'groupsOf'>;
  readonly resources: Pick<Resources, 'list'>;
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const list = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

/** As Kubernetes prints it: {APIGroups:[""], Resources:["nodes"], Verbs:["get"]} */
const ruleText = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string => {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  };
  const told = Object.entries(parts).flatMap(([name, words]) =>
    words === undefined ? [] : [`${name}:${list(words)}`],
  );
  return `{${told.join(', ')}}`;
};

const maxTold = 20;

const refuse = (kind: Kind, object: KubeObject, identity: Identity, lacking: readonly PolicyRule[]) => {
  const { name: user, groups } = toSubject(identity);
  const name = object.metadata.name ?? object.metadata.generateName ?? '';
  const told = lacking.slice(0, maxTold).map(ruleText).join('\n');
  const more = lacking.length > maxTold ? `\nand ${lacking.length - maxTold} more` : '';
  return new ApiError(
    'Forbidden',
    `${resourceKey(kind)} "${name}" is forbidden: user "${user}" (groups=${list(groups)}) is attempting to grant RBAC permissions not currently held:\n${told}${more}`,
    { name, group: kind.group, kind: kind.plural },
  );
};

// What the writer hands over has been validated by the schema of its kind.
const asRole = (object: KubeObject): ClusterRole => object as unknown as ClusterRole;
const asBinding = (object: KubeObject): RoleBinding => object as unknown as RoleBinding;

/** What the garbage collector and the store change: harmless, whoever may write the object at all. */
const harmless = ['ownerReferences', 'finalizers', 'resourceVersion', 'generation', 'managedFields'];

const weighty = (object: KubeObject): unknown => ({
  ...object,
  metadata: Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !harmless.includes(name))),
});

/** I3. */
const isHarmless = (before: KubeObject | undefined, after: KubeObject): boolean =>
  before !== undefined && isEqualJson(weighty(before), weighty(after));

export const createWriteGuards = ({ roles, authorize, people, resources }: Deps) => {
  const check = (kind: Kind, identity: Identity, after: KubeObject, wanted: readonly PolicyRule[]): void => {
    const held = roles.grantOf(toSubject(identity), after.metadata.namespace ?? '').index.rules;
    const bounds = identity.kind === 'user' ? identity.scope?.rules : undefined;
    const isMaster = toSubject(identity).groups.includes(mastersGroup);
    const lacking = [
      ...(isMaster ? [] : notCovered(held, wanted)),
      ...(bounds === undefined ? [] : notCovered(bounds, wanted)),
    ];
    if (lacking.length > 0) throw refuse(kind, after, identity, lacking);
  };

  const guardRole =
    (kind: Kind, identity: Identity): WriteGuard =>
    (before, after) => {
      if (isHarmless(before, after)) return;
      const { name = '', namespace = '' } = after.metadata;
      if (authorize(identity, { verb: 'escalate', resource: resourceKey(kind), namespace, name }).allowed)
        return;
      check(kind, identity, after, asRole(after).rules ?? []);
      const { aggregationRule } = asRole(after);
      if (aggregationRule !== undefined && !isEqualJson(before?.['aggregationRule'], aggregationRule))
        check(kind, identity, after, everything);
    };

  const guardBinding =
    (kind: Kind, identity: Identity): WriteGuard =>
    (before, after) => {
      if (isHarmless(before, after)) return;
      const { roleRef } = asBinding(after);
      const { namespace = '' } = after.metadata;
      const resource = `${roleRef.kind === 'Role' ? 'roles' : 'clusterroles'}.${rbacGroup}`;
      if (authorize(identity, { verb: 'bind', resource, namespace, name: roleRef.name }).allowed) return;
      const wanted = roles.rulesOf(roleRef, namespace);
      if (wanted === undefined)
        throw new ApiError('NotFound', `${resource} "${roleRef.name}" not found`, {
          name: roleRef.name,
          group: rbacGroup,
          kind: resource.split('.', 1)[0] ?? '',
        });
      check(kind, identity, after, wanted);
    };

  return (kind: Kind, identity: Identity): WriteGuard | undefined => {
    if (isLaterKind(kind)) return guardLater(authorize, identity);
    if (kind === certificateSigningRequestKind) return guardApproval({ roles, people }, identity);
    if (kind === sshEnrollmentKind) return guardSSHEnrolment(authorize, identity);
    const isMaster = identity.kind === 'user' && identity.groups.includes(mastersGroup);
    if (isMaster && identity.scope === undefined) return undefined;
    if (kind === userKind || kind === groupKind || kind === signInMethodKind)
      return guardPeople({ roles, people }, kind, identity);
    if (kind === nodeKind) return guardLabels({ resources, authorize }, identity);
    if (kind === roleKind || kind === clusterRoleKind) return guardRole(kind, identity);
    if (kind === roleBindingKind || kind === clusterRoleBindingKind) return guardBinding(kind, identity);
    return undefined;
  };
};
