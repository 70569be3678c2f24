// Owns one good object of every kind, to be spoilt.
// I1: nothing here can do harm on the machine that runs the tests: commands are `true`, paths below a folder of /tmp,
//     and no node is connected while these are used.
const meta = {
  name: 'fuzz',
  labels: { a: 'b' },
  annotations: { note: 'x' },
  finalizers: ['example.org/hold'],
};
const targets = {
  nodeSet: 'web[1-20],!web3,@db',
  labelSelector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
};
const strategy = { width: 3, batches: [1, '5%'], pauseSeconds: 0, gate: 'Automatic', maxFailures: '10%' };
const offline = { policy: 'Queue', expireSeconds: 60 };
const drover = 'drover.dev/v1alpha1';

const tabSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['n'],
      properties: {
        n: { type: 'integer', minimum: 0, maximum: 9, default: 1 },
        when: { type: 'string', format: 'date-time' },
        either: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
          items: {
            type: 'object',
            required: ['k'],
            properties: { k: { type: 'string', pattern: '^[a-z]+$' }, v: { type: 'string' } },
          },
        },
      },
      'x-kubernetes-validations': [
        {
          rule: 'self.list.all(x, x.k.size() < 9) && self.n >= 0',
          messageExpression: '"n is " + string(self.n)',
        },
      ],
    },
    status: { type: 'object', properties: { n: { type: 'integer' } } },
  },
};

export interface Sample {
  /** Of the kind's objects. */
  readonly collection: string;
  readonly object: object;
}

export const samples: readonly Sample[] = [
  {
    collection: '/api/v1/namespaces',
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'fuzz' } },
  },
  {
    collection: '/api/v1/nodes',
    object: {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: meta,
      spec: { unschedulable: true, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
    },
  },
  {
    collection: '/api/v1/namespaces/default/configmaps',
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta,
      data: { a: 'b' },
      binaryData: { c: 'AAA=' },
    },
  },
  {
    collection: '/api/v1/namespaces/default/secrets',
    object: { apiVersion: 'v1', kind: 'Secret', metadata: meta, type: 'Opaque', data: { a: 'AAA=' } },
  },
  {
    collection: '/api/v1/namespaces/default/events',
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: meta,
      involvedObject: { kind: 'Node', name: 'web1' },
      reason: 'Fuzzed',
      message: 'x',
      type: 'Normal',
    },
  },
  {
    collection: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
    object: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: meta,
      spec: { holderIdentity: 'me', leaseDurationSeconds: 10, renewTime: '2026-01-01T00:00:00.000000Z' },
    },
  },
  {
    collection: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    object: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'fuzz', annotations: { 'drover.dev/machine-id': 'm' } },
      spec: { signerName: 'drover.dev/node', usages: ['digital signature', 'client auth'], request: 'AAAA' },
    },
  },
  {
    collection: '/apis/drover.dev/v1alpha1/enrollmenttokens',
    object: { apiVersion: drover, kind: 'EnrollmentToken', metadata: { name: 'fuzz' }, spec: { maxUses: 2 } },
  },
  {
    collection: '/apis/drover.dev/v1alpha1/namespaces/default/commandruns',
    object: {
      apiVersion: drover,
      kind: 'CommandRun',
      metadata: meta,
      spec: {
        argv: ['true'],
        env: { A: 'b' },
        cwd: '/',
        stdin: 'x',
        timeoutSeconds: 5,
        targets,
        strategy,
        offline,
      },
    },
  },
  {
    collection: '/apis/drover.dev/v1alpha1/namespaces/default/filetransfers',
    object: {
      apiVersion: drover,
      kind: 'FileTransfer',
      metadata: meta,
      spec: {
        direction: 'Push',
        manifest: '0'.repeat(64),
        path: '/tmp/drover-fuzz/never',
        mode: '0644',
        owner: 'root:root',
        check: true,
        targets,
        strategy,
        offline,
      },
    },
  },
  {
    collection: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    object: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'tabs.fuzz.example.org' },
      spec: {
        group: 'fuzz.example.org',
        scope: 'Namespaced',
        names: { plural: 'tabs', kind: 'Tab', shortNames: ['tb'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' },
            },
            additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.list[?(@.k=="a")].v' }],
            schema: { openAPIV3Schema: tabSchema },
          },
        ],
      },
    },
  },
  {
    collection: '/apis/fuzz.example.org/v1/namespaces/default/tabs',
    object: {
      apiVersion: 'fuzz.example.org/v1',
      kind: 'Tab',
      metadata: meta,
      spec: { n: 2, when: '2026-01-01T00:00:00Z', either: 5, free: { a: [1] }, list: [{ k: 'a', v: 'b' }] },
    },
  },
];
