// Owns what is in the data directory of a release besides what running it leaves there: objects of every kind that people make.
const drover = 'drover.dev/v1alpha1';
const rbac = 'rbac.authorization.k8s.io';
const [apiGroup, reader] = [rbac, 'upgrade-reader'];

const object = (apiVersion: string, kind: string, name: string, rest: object = {}, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { made: 'for-upgrade' },
    annotations: { 'example.org/note': 'übergröße 你好' },
  },
  ...rest,
});

const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'racks.example.org', {
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Rack', plural: 'racks', singular: 'rack' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { units: { type: 'integer', minimum: 1, default: 42 } } },
            },
          },
        },
      },
    ],
  },
});

const role = { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }] };
const subjects = [{ kind: 'User', name: 'alice', apiGroup }];
const run = { argv: ['true'], targets: { nodeSet: 'n1' } };

/** Nothing is removed while the fixture ages, as far as the bounds go. */
const keepEverything = {
  work: { keepDays: 36_500 },
  events: { keepHours: 8_760 },
  audit: { keepDays: 36_500, keepRows: 0 },
  recordings: { keepDays: 36_500, keepMebibytes: 1_024 },
  content: { keepHours: 8_760 },
  certificateRequests: { keepHours: 8_760, waitHours: 8_760 },
  enrollmentTokens: { keepDays: 36_500 },
  certificates: { keepDays: 36_500 },
};

/** In the order in which they must be made; of the definition's kind only when it is served. */
export const objects = [
  object('v1', 'Namespace', 'team'),
  object(
    'v1',
    'ConfigMap',
    'settings',
    { data: { text: 'line one\nline two\n' }, binaryData: { bytes: 'AAH/' } },
    'team',
  ),
  object(
    'v1',
    'Secret',
    'sealed',
    { type: 'Opaque', stringData: { password: 'of-the-release-4711' } },
    'team',
  ),
  object('v1', 'ServiceAccount', 'robot', {}, 'team'),
  object(
    'v1',
    'ResourceQuota',
    'few',
    { spec: { hard: { configmaps: '10', 'count/leases.coordination.k8s.io': 4 } } },
    'team',
  ),
  object(
    'coordination.k8s.io/v1',
    'Lease',
    'turn',
    { spec: { holderIdentity: 'somebody', leaseDurationSeconds: 15 } },
    'team',
  ),
  definition,
  object(drover, 'User', 'alice', { spec: { displayName: 'Alice', email: 'alice@example.org' } }),
  object(drover, 'Group', 'lookers', { spec: { members: ['alice'] } }),
  object(`${rbac}/v1`, 'ClusterRole', reader, role),
  object(`${rbac}/v1`, 'ClusterRoleBinding', reader, {
    roleRef: { kind: 'ClusterRole', name: 'view', apiGroup },
    subjects,
  }),
  object(`${rbac}/v1`, 'Role', reader, role, 'team'),
  object(
    `${rbac}/v1`,
    'RoleBinding',
    reader,
    { roleRef: { kind: 'Role', name: reader, apiGroup }, subjects },
    'team',
  ),
  object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'names', {
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
        ],
      },
      validations: [{ expression: "object.metadata.name != 'forbidden'", message: 'that name is taken' }],
    },
  }),
  object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'names', {
    spec: { policyName: 'names', validationActions: ['Deny'] },
  }),
  object(drover, 'RunPolicy', 'no-format', {
    spec: {
      rules: [{ name: 'format', match: { commands: [['mkfs*', '**']] }, action: 'Deny', message: 'never' }],
    },
  }),
  object(
    drover,
    'SavedCommand',
    'greet',
    {
      spec: { parameters: [{ name: 'whom', default: 'world' }], run: { argv: ['echo', '$(whom)'] } },
    },
    'team',
  ),
  object(drover, 'Schedule', 'nightly', { spec: { schedule: '30 2 * * *', suspend: true, run } }, 'team'),
  object(drover, 'SignInMethod', 'corp', {
    spec: {
      disabled: true,
      ldap: {
        url: 'ldaps://ldap.example.org',
        bindDn: 'cn=drover',
        bindPassword: { namespace: 'team', name: 'sealed', key: 'password' },
        userBase: 'ou=people,dc=example,dc=org',
      },
    },
  }),
  object(
    drover,
    'SSHEnrollment',
    'rack-7',
    {
      spec: { hosts: [{ names: '127.0.0.1', port: 1 }], credentials: { secretName: 'sealed' } },
    },
    'team',
  ),
  object(drover, 'RetentionPolicy', 'default', { spec: keepEverything }),
];

export const ofDefinition = object('example.org/v1', 'Rack', 'r1', { spec: { units: 7 } }, 'team');
