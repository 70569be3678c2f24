// Owns the schema of core/v1 Node, field by field as Kubernetes has it.
import { type Static, Type } from 'typebox';
import { Conditions, ObjectMeta } from '../meta.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.Optional(Type.String({ description }));

const keyed = (key: string) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': key,
});

/** A resource quantity, e.g. "500m", "16Gi" or 4 (stored as "4"). */
const Quantity = Type.Union(
  [
    Type.String({
      maxLength: 64,
      pattern: '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$',
    }),
    Type.Number(),
  ],
  { 'x-kubernetes-int-or-string': true },
);
const ResourceList = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Quantity, { description }));

export const Taint = Type.Object(
  {
    key: Type.String({ minLength: 1 }),
    value: text('Value of the taint.'),
    effect: Type.Union(
      [Type.Literal('NoSchedule'), Type.Literal('PreferNoSchedule'), Type.Literal('NoExecute')],
      { description: 'What happens to work that does not tolerate it.' },
    ),
    timeAdded: text('When the taint was added.'),
  },
  closed,
);
export type Taint = Static<typeof Taint>;

const NodeConfigSource = Type.Object(
  { configMap: Type.Optional(Type.Record(Type.String(), Type.String())) },
  closed,
);

export const NodeSpec = Type.Object(
  {
    podCIDR: text('Range of addresses of the pods of the node.'),
    podCIDRs: Type.Optional(
      Type.Array(Type.String(), { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' }),
    ),
    providerID: text('Id of the node at its provider: <provider>://<id>.'),
    unschedulable: Type.Optional(
      Type.Boolean({ description: 'New pods and runs that avoid cordoned nodes are not placed here.' }),
    ),
    taints: Type.Optional(
      Type.Array(Taint, { 'x-kubernetes-list-type': 'atomic', description: 'The taints of the node.' }),
    ),
    configSource: Type.Optional(NodeConfigSource),
    externalID: text('Deprecated.'),
  },
  { ...closed, default: {}, description: 'The behavior of the node.' },
);

const NodeAddress = Type.Object(
  {
    type: Type.String({ description: 'Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.' }),
    address: Type.String(),
  },
  closed,
);

export const NodeSystemInfo = Type.Object(
  {
    machineID: text('Content of /etc/machine-id.'),
    systemUUID: text('UUID of the system, from its firmware.'),
    bootID: text('Boot id of the node.'),
    kernelVersion: text('As uname -r tells.'),
    osImage: text('As /etc/os-release tells.'),
    containerRuntimeVersion: text('Container runtime and its version, e.g. podman://5.4.2.'),
    kubeletVersion: text('Version of the agent.'),
    kubeProxyVersion: text('Deprecated.'),
    operatingSystem: text('linux.'),
    architecture: text('amd64, arm64 ...'),
    swap: Type.Optional(Type.Object({ capacity: Type.Optional(Type.Integer()) }, closed)),
  },
  { ...closed, description: 'What the node is.' },
);

const ContainerImage = Type.Object(
  {
    names: Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic' })),
    sizeBytes: Type.Optional(Type.Integer()),
  },
  closed,
);

export const NodeStatus = Type.Object(
  {
    capacity: ResourceList('Resources of the node in all.'),
    allocatable: ResourceList('Resources of the node that can be given to work.'),
    phase: text('Deprecated.'),
    conditions: Type.Optional(Conditions),
    addresses: Type.Optional(Type.Array(NodeAddress, keyed('type'))),
    daemonEndpoints: Type.Optional(
      Type.Object(
        {
          kubeletEndpoint: Type.Optional(Type.Object({ Port: Type.Integer() }, closed)),
        },
        closed,
      ),
    ),
    nodeInfo: Type.Optional(NodeSystemInfo),
    images: Type.Optional(Type.Array(ContainerImage, { 'x-kubernetes-list-type': 'atomic' })),
    volumesInUse: Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic' })),
    volumesAttached: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), devicePath: Type.String() }, closed), {
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    declaredFeatures: Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'atomic' })),
    runtimeHandlers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.Optional(Type.String()),
            features: Type.Optional(
              Type.Object(
                {
                  recursiveReadOnlyMounts: Type.Optional(Type.Boolean()),
                  userNamespaces: Type.Optional(Type.Boolean()),
                },
                closed,
              ),
            ),
          },
          closed,
        ),
        { 'x-kubernetes-list-type': 'atomic' },
      ),
    ),
    features: Type.Optional(Type.Object({ supplementalGroupsPolicy: Type.Optional(Type.Boolean()) }, closed)),
  },
  { ...closed, description: 'What is known of the node.' },
);

export const Node = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('Node'),
    metadata: ObjectMeta,
    spec: NodeSpec,
    status: Type.Optional(NodeStatus),
  },
  { ...closed, description: 'Node is a server of the fleet.' },
);
export type Node = Static<typeof Node>;
