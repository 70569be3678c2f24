import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { toTable } from '../printing/table.ts';
import { checkImmutable } from '../validation/immutable.ts';
import { validatorOf } from '../validation/validator.ts';
import { clusterRoleKind, roleKind } from './role.ts';
import { clusterRoleBindingKind, roleBindingKind } from './role-binding.ts';
import { serviceAccountOf, serviceAccountUser } from './service-account.ts';

const fieldsOf = (kind: Kind, object: object): readonly (string | undefined)[] => {
  try {
    validatorOf(kind)({ metadata: { name: 'a' }, ...object }, 'Strict');
  } catch (error) {
    if (error instanceof ApiError) return (error.details?.causes ?? []).map((cause) => cause.field);
    throw error;
  }
  return [];
};

const rule = { verbs: ['get'], apiGroups: [''], resources: ['nodes'] };

test('rules are refused that say nothing or two things, by their path', () => {
  const of = (...rules: object[]) => fieldsOf(clusterRoleKind, { rules });
  expect(of(rule, { verbs: ['get'], nonResourceURLs: ['/metrics', '/healthz/*'] })).toEqual([]);
  expect(of({ ...rule, apiGroups: [] })).toEqual(['rules[0].apiGroups']);
  expect(of(rule, { verbs: ['get'] })).toEqual(['rules[1].apiGroups', 'rules[1].resources']);
  expect(of({ ...rule, verbs: [] })).toEqual(['rules[0].verbs']);
  expect(of({ ...rule, nonResourceURLs: ['/x'] })).toEqual(['rules[0].nonResourceURLs']);
  const paths = { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] };
  expect(fieldsOf(roleKind, paths)).toEqual(['rules[0].nonResourceURLs']);
  expect(fieldsOf(clusterRoleKind, { rules: null, aggregationRule: {} })).toEqual([]);
});

test('names of roles may hold what paths may, and no more', () => {
  const named = (name: string) => fieldsOf(clusterRoleKind, { metadata: { name } });
  expect(named('system:node-reader')).toEqual([]);
  expect(named('Rack 1')).toEqual([]);
  for (const name of ['..', 'a/b', 'a%b', 'x'.repeat(254)]) expect(named(name)).toEqual(['metadata.name']);
});

const ref = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const account = { kind: 'ServiceAccount', name: 'ci', namespace: 'default' };

test('a binding knows which group each subject is of, and refuses what nobody is', () => {
  const subjects = [{ kind: 'User', name: 'alice' }, account];
  const { object } = validatorOf(roleBindingKind)(
    { metadata: { name: 'a' }, roleRef: { kind: 'Role', name: 'r' }, subjects },
    'Strict',
  );
  expect(object['roleRef']).toEqual({ ...ref, kind: 'Role', name: 'r' });
  expect(object['subjects']).toEqual([
    { ...subjects[0], apiGroup: 'rbac.authorization.k8s.io' },
    { ...account, apiGroup: '' },
  ]);
  const of = (subject: object) => fieldsOf(roleBindingKind, { roleRef: ref, subjects: [subject] });
  expect(of({ kind: 'ServiceAccount', name: 'ci' })).toEqual(['subjects[0].namespace']);
  expect(of({ kind: 'User', name: 'a', apiGroup: 'example.org' })).toEqual(['subjects[0].apiGroup']);
  expect(of({ kind: 'Robot', name: 'a' })).not.toEqual([]);
  expect(fieldsOf(clusterRoleBindingKind, { roleRef: { ...ref, kind: 'Role' } })).not.toEqual([]);
});

const bound = (name: string): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'a', namespace: 'default' },
  roleRef: { ...ref, name },
  subjects: [account],
});

test('which role a binding gives cannot change', () => {
  expect(checkImmutable(roleBindingKind, bound('view'), bound('view'))).toEqual([]);
  expect(checkImmutable(roleBindingKind, bound('view'), bound('edit'))).toMatchObject([{ field: 'roleRef' }]);
});

test('kubectl shows what a binding gives and to whom', () => {
  const { columnDefinitions, rows } = toTable(roleBindingKind, [bound('view')], {
    nowMs: 0,
    includeObject: 'None',
    resourceVersion: '1',
  });
  expect(columnDefinitions.map((column) => column.name)).toEqual([
    'Name',
    'Role',
    'Age',
    'Users',
    'Groups',
    'ServiceAccounts',
  ]);
  expect(rows[0]?.cells).toEqual(['a', 'ClusterRole/view', '<unknown>', '', '', 'default/ci']);
});

test('the user name of a service account names it, and no other name does', () => {
  expect(serviceAccountOf(serviceAccountUser('default', 'ci'))).toEqual({ namespace: 'default', name: 'ci' });
  for (const name of [
    'alice',
    'system:serviceaccount:',
    'system:serviceaccount:a',
    'system:serviceaccount:a:b:c',
  ])
    expect(serviceAccountOf(name)).toBeUndefined();
});
