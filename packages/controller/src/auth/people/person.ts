// Owns who a person is at this moment: the User object, and the groups it is in.
// I1: a secret belongs to one User object, not to a name: when that is deleted or disabled it proves nobody, also when
//     another of the same name is made. Only the first administrator may be without an object.
// I2: no group from outside begins with "system:": those are Drover's own.
import { adminUser, type Group, groupKind, type KubeObject, type User, userKind } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { authenticatedGroup, mastersGroup, type UserIdentity } from '../identity.ts';

// Stored objects have been validated by the schema of their kind.
export const asUser = (object: KubeObject): User => object as unknown as User;
const asGroup = (object: KubeObject): Group => object as unknown as Group;

export interface People {
  /** undefined: there is no such User that may sign in. */
  identityOf(name: string, uid: string): UserIdentity | undefined;
  /** Names of the groups that somebody of this name is in, with and without an object. */
  groupsOf(name: string): readonly string[];
  /** Whether a password alone does not do for this user. */
  needsSecondFactor(name: string): boolean;
}

export type PeopleReader = Pick<Resources, 'find' | 'list' | 'revision'>;

const isForeign = (group: string): boolean => group !== '' && !group.startsWith('system:');

/** Group objects by member, made anew when a group has changed. */
const createMembership = (resources: PeopleReader) => {
  let seen = -1;
  const byMember = new Map<string, string[]>();
  return (name: string): readonly string[] => {
    const now = resources.revision(groupKind);
    if (now !== seen) {
      seen = now;
      byMember.clear();
      for (const object of resources.list(groupKind).items)
        for (const member of asGroup(object).spec.members) {
          const known = byMember.get(member);
          if (known === undefined) byMember.set(member, [object.metadata.name ?? '']);
          else known.push(object.metadata.name ?? '');
        }
    }
    return byMember.get(name) ?? [];
  };
};

export const createPeople = (resources: PeopleReader): People => {
  const membership = createMembership(resources);
  const groupsOf = (name: string): readonly string[] => {
    const object = resources.find(userKind, '', name);
    const foreign = object === undefined ? [] : (asUser(object).status?.externalGroups ?? []);
    const own = name === adminUser ? [mastersGroup] : [];
    return [...new Set([...own, ...membership(name), ...foreign.filter(isForeign), authenticatedGroup])];
  };
  return {
    groupsOf,
    identityOf: (name, uid) => {
      const object = resources.find(userKind, '', name);
      if (object === undefined)
        return name === adminUser && uid === '' ? { kind: 'user', name, groups: groupsOf(name) } : undefined;
      const isOwner = uid === object.metadata.uid || (name === adminUser && uid === '');
      if (!isOwner || asUser(object).spec.disabled || object.metadata.deletionTimestamp !== undefined)
        return undefined;
      return { kind: 'user', name, groups: groupsOf(name), uid: object.metadata.uid ?? '' };
    },
    needsSecondFactor: (name) => {
      const object = resources.find(userKind, '', name);
      if (object !== undefined && asUser(object).spec.requireSecondFactor) return true;
      return groupsOf(name).some((group) => {
        const found = resources.find(groupKind, '', group);
        return found !== undefined && asGroup(found).spec.requireSecondFactor;
      });
    },
  };
};
