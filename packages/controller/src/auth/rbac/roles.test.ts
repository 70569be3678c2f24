import {
  type BindingSubject,
  clusterRoleBindingKind,
  clusterRoleKind,
  type Kind,
  type KubeObject,
  type PolicyRule,
  resourceKey,
  roleBindingKind,
  roleKind,
} from '@drover/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRoles, type RoleReader, type Subject } from './roles.ts';

const spaces = ['a', 'b'];
const roleNames = ['r0', 'r1', 'r2'];
const people: readonly Subject[] = [
  { name: 'alice', groups: ['ops', 'system:authenticated'] },
  { name: 'bob', groups: ['system:authenticated'] },
  {
    name: 'system:serviceaccount:a:ci',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'],
  },
];

const subject: fc.Arbitrary<BindingSubject> = fc.constantFrom(
  { kind: 'User', name: 'alice' },
  { kind: 'User', name: 'ops' },
  { kind: 'Group', name: 'ops' },
  { kind: 'Group', name: 'alice' },
  { kind: 'Group', name: 'system:authenticated' },
  { kind: 'Group', name: 'system:serviceaccounts:a' },
  { kind: 'ServiceAccount', name: 'ci', namespace: 'a' },
  { kind: 'ServiceAccount', name: 'ci', namespace: 'b' },
);
interface Binding {
  readonly namespace: string;
  readonly role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects: readonly BindingSubject[];
}
const binding: fc.Arbitrary<Binding> = fc
  .record({
    namespace: fc.constantFrom('', ...spaces),
    local: fc.boolean(),
    name: fc.constantFrom(...roleNames, 'absent'),
    subjects: fc.array(subject, { maxLength: 3 }),
  })
  .map(({ namespace, local, name, subjects }) => ({
    namespace,
    role: { kind: local && namespace !== '' ? 'Role' : 'ClusterRole', name },
    subjects,
  }));

/** Every role allows one thing that tells which role it is, and where it stands. */
const ruleOf = (namespace: string, name: string): PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: [`${namespace}-${name}`],
});

const reader = (bindings: readonly Binding[], revision: () => number): RoleReader => {
  const objects = new Map<string, KubeObject>();
  const put = (kind: Kind, namespace: string, name: string, rest: object): void => {
    const metadata = { name, namespace };
    const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: kind.kind, metadata, ...rest };
    objects.set(`${resourceKey(kind)} ${namespace} ${name}`, object);
  };
  for (const name of roleNames) {
    put(clusterRoleKind, '', name, { rules: [ruleOf('', name)] });
    for (const space of spaces) put(roleKind, space, name, { rules: [ruleOf(space, name)] });
  }
  for (const [i, { namespace, role, subjects }] of bindings.entries()) {
    const kind = namespace === '' ? clusterRoleBindingKind : roleBindingKind;
    put(kind, namespace, `b${i}`, { roleRef: { apiGroup: '', ...role }, subjects });
  }
  return {
    revision,
    find: (kind, namespace, name) => objects.get(`${resourceKey(kind)} ${namespace} ${name}`),
    list: (kind) => ({
      resourceVersion: '1',
      items: [...objects].filter(([key]) => key.startsWith(`${resourceKey(kind)} `)).map(([, one]) => one),
    }),
  };
};

const names = (who: Subject, one: BindingSubject): boolean => {
  if (one.kind === 'Group') return who.groups.includes(one.name);
  if (one.kind === 'User') return who.name === one.name;
  return who.name === `system:serviceaccount:${one.namespace}:${one.name}`;
};

/** Looks at every binding, as the documents say. */
const oracle = (bindings: readonly Binding[], who: Subject, namespace: string): readonly string[] => {
  const mine = bindings
    .filter((one) => one.namespace === '' || one.namespace === namespace)
    .filter((one) => one.role.name !== 'absent' && one.subjects.some((each) => names(who, each)));
  return [...new Set(mine.map(({ role }) => `${role.kind === 'Role' ? namespace : ''}-${role.name}`))].sort();
};

const held = (roles: ReturnType<typeof createRoles>, who: Subject, namespace: string): readonly string[] =>
  roles
    .grantOf(who, namespace)
    .index.rules.flatMap((rule) => rule.resources ?? [])
    .sort();

test('who has what is what a look at every binding says, in every namespace', () => {
  fc.assert(
    fc.property(fc.array(binding, { maxLength: 12 }), (bindings) => {
      const roles = createRoles(reader(bindings, () => 1));
      for (const who of people)
        for (const namespace of ['', ...spaces])
          expect(held(roles, who, namespace)).toEqual(oracle(bindings, who, namespace));
    }),
    { numRuns: 300 },
  );
});

test('what has changed counts at once, and a role that is missing is told', () => {
  const [alice] = people;
  if (alice === undefined) throw new Error('nobody to ask about');
  const bindings: Binding[] = [];
  let revision = 1;
  let current = reader(bindings, () => revision);
  const roles = createRoles({
    revision: () => revision,
    find: (...asked) => current.find(...asked),
    list: (...asked) => current.list(...asked),
  });
  expect(held(roles, alice, 'a')).toEqual([]);
  const subjects = [{ kind: 'User' as const, name: 'alice' }];
  bindings.push({ namespace: 'a', role: { kind: 'ClusterRole', name: 'r1' }, subjects });
  bindings.push({ namespace: 'a', role: { kind: 'Role', name: 'absent' }, subjects });
  current = reader(bindings, () => revision);
  revision++;
  expect(held(roles, alice, 'a')).toEqual(['-r1']);
  expect(roles.grantOf(alice, 'a').missing).toEqual(['role.rbac.authorization.k8s.io "absent" not found']);
});
