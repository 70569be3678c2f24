// Owns the roles and bindings that every installation has.
// I1: a run or a transfer is root on every server, whatever its namespace: only operator (and cluster-admin) has it.
// I2: nothing here shows a secret to view or operator.
// I3: names, labels and meaning are Kubernetes' where it has the role; `operator` is ours.
import { type ClusterRole, type ClusterRoleBinding, type PolicyRule, rbacGroup } from '@drover/api';
import { authenticatedGroup, mastersGroup, unauthenticatedGroup } from '../identity.ts';

export const readyLabel = { 'kubernetes.io/bootstrapping': 'rbac-defaults' } as const;
/** 'false': left as people have made it. */
export const updateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { ...readyLabel, ...labels },
  annotations: { [updateAnnotation]: 'true' },
});

const rule = (
  apiGroup: string,
  resources: readonly string[],
  verbs: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule => ({
  apiGroups: [apiGroup],
  resources: [...resources],
  verbs: [...verbs],
  ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
});

const paths = (nonResourceURLs: readonly string[], verbs: readonly string[]): PolicyRule => ({
  nonResourceURLs: [...nonResourceURLs],
  verbs: [...verbs],
});

const role = (
  name: string,
  rules: readonly PolicyRule[],
  labels: Readonly<Record<string, string>> = {},
): ClusterRole => ({
  apiVersion: `${rbacGroup}/v1`,
  kind: 'ClusterRole',
  metadata: metadata(name, labels),
  rules: [...rules],
});

type Gathered = 'view' | 'edit' | 'admin' | 'operator';

const aggregateLabel = (to: Gathered): string => `${rbacGroup}/aggregate-to-${to}`;

const toLabels = (into: readonly Gathered[]): Readonly<Record<string, string>> =>
  Object.fromEntries(into.map((to) => [aggregateLabel(to), 'true']));

/** A role whose rules are those of all roles with the label aggregate-to-<name>. */
const gathering = (name: Gathered, into: readonly Gathered[] = []): ClusterRole => ({
  ...role(name, [], toLabels(into)),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(name)]: 'true' } }] },
});

const part = (of: Gathered, rules: readonly PolicyRule[]): ClusterRole =>
  role(`system:aggregate-to-${of}`, rules, toLabels([of]));

const read = ['get', 'list', 'watch'] as const;
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;
const work = ['commandruns', 'filetransfers'] as const;
const workParts = work.flatMap((one) => ['status', 'results', 'log', 'fold'].map((sub) => `${one}/${sub}`));

/** What is kept to be run later. */
const later = ['savedcommands', 'schedules'] as const;

const view = [
  rule('', ['configmaps', 'events', 'namespaces', 'namespaces/status', 'pods', 'serviceaccounts'], read),
  rule('', ['resourcequotas', 'resourcequotas/status'], read),
  rule('', ['nodes', 'nodes/status', 'nodes/facts', 'nodes/tasks'], read),
  rule('metrics.k8s.io', ['nodes'], read),
  rule('coordination.k8s.io', ['leases'], read),
  rule('drover.dev', [...work, ...workParts], read),
  rule('drover.dev', [...later, 'schedules/status'], read),
  // Whom a policy refuses may read it. To change one is for cluster-admin: it is put above everybody.
  rule(
    'admissionregistration.k8s.io',
    [
      'validatingadmissionpolicies',
      'validatingadmissionpolicies/status',
      'validatingadmissionpolicybindings',
    ],
    read,
  ),
  // Who is bound should be able to read to what.
  rule('drover.dev', ['runpolicies'], read),
  // How long things are kept, and how much there is; to change it is for cluster-admin.
  rule('drover.dev', ['retentionpolicies', 'retentionpolicies/status'], read),
];

const edit = [
  rule('', ['configmaps', 'events', 'serviceaccounts'], write),
  rule('', ['secrets'], [...read, ...write]),
  rule('', ['serviceaccounts'], ['impersonate']),
  rule('', ['serviceaccounts/token'], ['create']),
  rule('', ['serviceaccounts/credentials'], ['get', 'delete']),
  rule('coordination.k8s.io', ['leases'], write),
];

const admin = [
  rule(rbacGroup, ['roles', 'rolebindings'], [...read, ...write]),
  rule('authorization.k8s.io', ['localsubjectaccessreviews'], ['create']),
];

const operator = [
  rule('', ['nodes'], write),
  rule('', ['nodes/shell'], ['create']),
  rule('drover.dev', [...work, ...later], write),
  // Of what somebody else has asked for (run-policy/approval.ts).
  rule('drover.dev', [...work.map((one) => `${one}/approval`)], ['get', 'patch', 'update']),
  rule('drover.dev', ['enrollmenttokens', 'enrollmenttokens/status'], read),
  rule('drover.dev', ['enrollmenttokens'], write),
  rule('drover.dev', ['sshenrollments', 'sshenrollments/status'], read),
  // The verb trust: to say that a host key is the right one (auth/ssh-enrolment.ts).
  rule('drover.dev', ['sshenrollments'], [...write, 'trust']),
  rule('certificates.k8s.io', ['certificatesigningrequests'], read),
  rule('certificates.k8s.io', ['certificatesigningrequests/approval'], ['get', 'patch', 'update']),
  paths(['/agents/*'], ['post']),
  paths(['/recordings', '/recordings/*'], ['get']),
  paths(['/content/*'], ['get', 'head', 'post', 'put']),
  paths(['/metrics', '/server-status'], ['get']),
];

const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'] as const;
const discovery = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...health] as const;

/** In an order in which each is made after those that it gathers. */
export const readyRoles: readonly ClusterRole[] = [
  role('cluster-admin', [rule('*', ['*'], ['*']), paths(['*'], ['*'])]),
  role('system:discovery', [paths(discovery, ['get'])]),
  role('system:public-info-viewer', [paths(health, ['get'])]),
  role('system:basic-user', [
    rule('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    rule('authentication.k8s.io', ['selfsubjectreviews'], ['create']),
    // Of one's own, with no more rights than one has (server/routes/own.ts); service accounts are refused there.
    paths(['/auth/tokens', '/auth/certificates'], ['post']),
  ]),
  part('view', view),
  part('edit', edit),
  part('admin', admin),
  part('operator', operator),
  gathering('view', ['edit', 'operator']),
  gathering('edit', ['admin']),
  gathering('admin'),
  gathering('operator'),
];

const binding = (name: string, groups: readonly string[]): ClusterRoleBinding => ({
  apiVersion: `${rbacGroup}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: metadata(name),
  roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ kind: 'Group', apiGroup: rbacGroup, name: group })),
});

export const readyBindings: readonly ClusterRoleBinding[] = [
  binding('cluster-admin', [mastersGroup]),
  binding('system:discovery', [authenticatedGroup]),
  binding('system:basic-user', [authenticatedGroup]),
  binding('system:public-info-viewer', [authenticatedGroup, unauthenticatedGroup]),
];
