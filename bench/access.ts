// Owns the benchmark of authorization: one decision among many roles and bindings.
import {
  allows,
  clusterRoleBindingKind,
  clusterRoleKind,
  type Kind,
  type KubeObject,
  type PolicyRule,
} from '@drover/api';
import type { UserIdentity } from '../packages/controller/src/auth/identity.ts';
import { type Attributes, decide } from '../packages/controller/src/auth/permissions.ts';
import { createRoles, type RoleReader } from '../packages/controller/src/auth/rbac/roles.ts';
import { type Bench, round } from './bench.ts';

const roleCount = 200;
const bindingCount = 500;
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

const rulesOf = (i: number): readonly PolicyRule[] =>
  Array.from({ length: 3 }, (_, j) => ({
    verbs: verbs.slice(0, 3 + ((i + j) % 4)),
    apiGroups: [`group${(i + j) % 20}.example.org`],
    resources: [`things${i}`, `things${i}/status`],
  }));

const toRole = (i: number): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: `role${i}` },
  rules: rulesOf(i),
});

/** Half of the bindings are of one busy group, the others of a hundred users. */
const toBinding = (i: number): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: `binding${i}` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `role${i % roleCount}` },
  subjects: [i % 2 === 0 ? { kind: 'Group', name: 'busy' } : { kind: 'User', name: `user${i % 100}` }],
});

const openReader = () => {
  const roles = Array.from({ length: roleCount }, (_, i) => toRole(i));
  const bindings = Array.from({ length: bindingCount }, (_, i) => toBinding(i));
  const byName = new Map(roles.map((role) => [role.metadata.name, role]));
  let revision = 1;
  const reader: RoleReader = {
    find: (_kind, _namespace, name) => byName.get(name),
    list: (kind: Kind) => ({
      resourceVersion: String(revision),
      items: kind === clusterRoleBindingKind ? bindings : kind === clusterRoleKind ? roles : [],
    }),
    revision: () => revision,
  };
  return { reader, touch: () => void revision++, rules: roles.flatMap((_, i) => rulesOf(i)) };
};

const people: readonly UserIdentity[] = Array.from({ length: 100 }, (_, i) => ({
  kind: 'user',
  name: `user${i}`,
  groups: ['busy', 'system:authenticated'],
}));

/** Allowed ones, refused ones, and one about a path. */
const asked: readonly Attributes[] = Array.from({ length: 97 }, (_, i) =>
  i === 0
    ? { verb: 'get', resource: 'metrics', url: { verb: 'get', path: '/metrics' } }
    : {
        verb: verbs[i % 7] ?? 'get',
        resource: `things${i * 2}.group${(i * 2) % 20}.example.org`,
        namespace: 'default',
      },
);

/** Microseconds of one call. */
const timeEach = (count: number, run: (i: number) => unknown): number => {
  const start = performance.now();
  for (let i = 0; i < count; i++) run(i);
  return ((performance.now() - start) * 1_000) / count;
};

const personOf = (i: number): UserIdentity =>
  people[i % people.length] ?? { kind: 'user', name: '', groups: [] };
const askOf = (i: number): Attributes => asked[i % asked.length] ?? { verb: 'get', resource: 'nodes' };

export const access: Bench = {
  name: 'access',
  explain: `one decision with ${roleCount} roles and ${bindingCount} bindings, 100 people: bar 20 us; beside it a look at every rule, one after another`,
  run: async ({ quick, figure }) => {
    const { reader, touch, rules } = openReader();
    const roles = createRoles(reader);
    const resources = { find: () => undefined };
    const check = (i: number) => decide({ resources, roles }, personOf(i), askOf(i));
    const count = quick ? 20_000 : 200_000;
    timeEach(count / 4, check);
    const checkUs = timeEach(count, check);
    const afterChangeUs = timeEach(200, (i) => {
      touch();
      return check(i);
    });
    const wish = { verb: 'get', group: 'nowhere.example.org', resource: 'things', name: '' };
    const everyRuleUs = timeEach(count / 20, () => rules.some((rule) => allows(rule, wish)));
    figure('checkUs', round(checkUs, 2));
    figure('firstCheckAfterAChangeUs', round(afterChangeUs));
    figure('everyRuleUs', round(everyRuleUs, 2));
    figure('everyRuleRatio', round(everyRuleUs / checkUs, 1));
  },
};
