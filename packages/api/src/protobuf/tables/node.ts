// Tables of core/v1 Node.
import { field, kept, list, map, message } from '../table.ts';
import { objectMeta } from './meta.ts';
import { quantity, time } from './values.ts';

const core = (name: string) => `k8s.io.api.core.v1.${name}`;

const taint = message(core('Taint'), {
  key: kept(1, 'string'),
  value: field(2, 'string'),
  effect: kept(3, 'string'),
  timeAdded: field(4, time),
});

const configMapNodeConfigSource = message(core('ConfigMapNodeConfigSource'), {
  namespace: kept(1, 'string'),
  name: kept(2, 'string'),
  uid: field(3, 'string'),
  resourceVersion: field(4, 'string'),
  kubeletConfigKey: kept(5, 'string'),
});

const nodeConfigSource = message(core('NodeConfigSource'), {
  configMap: field(2, configMapNodeConfigSource),
});

const nodeSpec = message(core('NodeSpec'), {
  podCIDR: field(1, 'string'),
  externalID: field(2, 'string'),
  providerID: field(3, 'string'),
  unschedulable: field(4, 'bool'),
  taints: list(5, taint),
  configSource: field(6, nodeConfigSource),
  podCIDRs: list(7, 'string'),
});

const nodeCondition = message(core('NodeCondition'), {
  type: kept(1, 'string'),
  status: kept(2, 'string'),
  lastHeartbeatTime: field(3, time),
  lastTransitionTime: field(4, time),
  reason: field(5, 'string'),
  message: field(6, 'string'),
});

const nodeAddress = message(core('NodeAddress'), { type: kept(1, 'string'), address: kept(2, 'string') });

const nodeDaemonEndpoints = message(core('NodeDaemonEndpoints'), {
  kubeletEndpoint: field(1, message(core('DaemonEndpoint'), { Port: kept(1, 'int32') })),
});

const nodeSystemInfo = message(core('NodeSystemInfo'), {
  machineID: kept(1, 'string'),
  systemUUID: kept(2, 'string'),
  bootID: kept(3, 'string'),
  kernelVersion: kept(4, 'string'),
  osImage: kept(5, 'string'),
  containerRuntimeVersion: kept(6, 'string'),
  kubeletVersion: kept(7, 'string'),
  kubeProxyVersion: kept(8, 'string'),
  operatingSystem: kept(9, 'string'),
  architecture: kept(10, 'string'),
  swap: field(11, message(core('NodeSwapStatus'), { capacity: kept(1, 'int64') })),
});

const containerImage = message(core('ContainerImage'), {
  names: list(1, 'string'),
  sizeBytes: field(2, 'int64'),
});

const attachedVolume = message(core('AttachedVolume'), {
  name: kept(1, 'string'),
  devicePath: kept(2, 'string'),
});

const nodeConfigStatus = message(core('NodeConfigStatus'), {
  assigned: field(1, nodeConfigSource),
  active: field(2, nodeConfigSource),
  lastKnownGood: field(3, nodeConfigSource),
  error: field(4, 'string'),
});

const runtimeHandlerFeatures = message(core('NodeRuntimeHandlerFeatures'), {
  recursiveReadOnlyMounts: kept(1, 'bool'),
  userNamespaces: kept(2, 'bool'),
});

const runtimeHandler = message(core('NodeRuntimeHandler'), {
  name: kept(1, 'string'),
  features: field(2, runtimeHandlerFeatures),
});

const nodeStatus = message(core('NodeStatus'), {
  capacity: map(1, quantity),
  allocatable: map(2, quantity),
  phase: field(3, 'string'),
  conditions: list(4, nodeCondition),
  addresses: list(5, nodeAddress),
  daemonEndpoints: field(6, nodeDaemonEndpoints),
  nodeInfo: field(7, nodeSystemInfo),
  images: list(8, containerImage),
  volumesInUse: list(9, 'string'),
  volumesAttached: list(10, attachedVolume),
  config: field(11, nodeConfigStatus),
  runtimeHandlers: list(12, runtimeHandler),
  features: field(13, message(core('NodeFeatures'), { supplementalGroupsPolicy: kept(1, 'bool') })),
  declaredFeatures: list(14, 'string'),
});

export const node = message(core('Node'), {
  metadata: field(1, objectMeta),
  spec: field(2, nodeSpec),
  status: field(3, nodeStatus),
});
