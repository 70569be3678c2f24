import type { ClusterRole, ClusterRoleBinding, Group, RoleBinding, User } from '@drover/api';
import { expect, test } from 'vitest';
import { type AccessFacts, allowedVerbs, createModel, parseWho, userNameOf, waysTo } from './model.ts';

const role = (name: string, verbs: string[], resources: string[]): ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name },
  rules: [{ verbs, apiGroups: [''], resources }],
});
const subject = (kind: 'User' | 'Group', name: string) => ({
  kind,
  apiGroup: 'rbac.authorization.k8s.io',
  name,
});
const bind = (name: string, to: ReturnType<typeof subject>, role: string): ClusterRoleBinding => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  subjects: [to],
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
});
const user = (name: string, externalGroups: string[] = []): User => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'User',
  metadata: { name },
  spec: { disabled: false, requireSecondFactor: false },
  status: { externalGroups },
});
const group = (name: string, members: string[]): Group => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'Group',
  metadata: { name },
  spec: { members, requireSecondFactor: false },
});
const inDefault = {
  ...bind('secrets', subject('User', 'alice'), 'secrets'),
  kind: 'RoleBinding',
  metadata: { name: 'secrets', namespace: 'default' },
} as RoleBinding; // the same fields otherwise

const facts: AccessFacts = {
  users: [user('alice'), user('bob', ['ops', 'system:masters'])],
  groups: [group('web', ['alice'])],
  accounts: [],
  roles: [],
  clusterRoles: [role('view', ['get', 'list'], ['nodes']), role('secrets', ['*'], ['secrets'])],
  roleBindings: [inDefault],
  clusterRoleBindings: [
    bind('web-view', subject('Group', 'web'), 'view'),
    bind('masters', subject('Group', 'system:masters'), 'secrets'),
    bind('lost', subject('User', 'alice'), 'gone'),
  ],
};
const model = createModel(facts);
const alice = { kind: 'User', name: 'alice' } as const;
const nodes = { group: '', resource: 'nodes' };
const secrets = { group: '', resource: 'secrets' };

test('what a group has its members have, and the way there is told', () => {
  const ways = waysTo(model.grantsOf(alice, ''), { verb: 'list', ...nodes, name: 'n1' });
  expect(ways.map(({ grant }) => [grant.through, grant.binding.metadata.name])).toEqual([
    ['Group:web', 'web-view'],
  ]);
  expect(allowedVerbs(model.grantsOf(alice, ''), nodes)).toEqual(['get', 'list']);
});

test('a binding in a namespace counts there only', () => {
  expect(allowedVerbs(model.grantsOf(alice, 'default'), secrets)).toHaveLength(8);
  expect(allowedVerbs(model.grantsOf(alice, 'other'), secrets)).toEqual([]);
  expect(allowedVerbs(model.grantsOf(alice, ''), secrets)).toEqual([]);
});

test('a group from outside counts, but not one that would be of the system', () => {
  expect(model.groupsOf({ kind: 'User', name: 'bob' })).toEqual(['ops', 'system:authenticated']);
  expect(allowedVerbs(model.grantsOf({ kind: 'User', name: 'bob' }, ''), secrets)).toEqual([]);
  expect(allowedVerbs(model.grantsOf({ kind: 'User', name: 'admin' }, ''), secrets)).toHaveLength(8);
});

test('a binding to a role that is not there gives nothing, and is shown', () => {
  const lost = model.grantsOf(alice, '').find(({ binding }) => binding.metadata.name === 'lost');
  expect(lost).toMatchObject({ rules: undefined });
});

test('roles that would allow it are found', () => {
  expect(model.rolesFor({ verb: 'delete', ...secrets, name: '' })).toEqual([
    { name: 'secrets', namespace: '' },
  ]);
});

test('people, groups and programs are understood as they are written', () => {
  expect(parseWho('alice')).toEqual({ kind: 'User', name: 'alice' });
  expect(parseWho('Group:ops')).toEqual({ kind: 'Group', name: 'ops' });
  const program = parseWho('system:serviceaccount:default:ci');
  expect(program).toEqual({ kind: 'ServiceAccount', namespace: 'default', name: 'ci' });
  expect(userNameOf(program)).toBe('system:serviceaccount:default:ci');
});
