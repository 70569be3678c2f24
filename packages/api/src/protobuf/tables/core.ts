// Tables of core/v1, aside from Node: ConfigMap, Secret, Namespace, ServiceAccount, Event, ResourceQuota.
import { field, kept, list, map, message } from '../table.ts';
import { objectMeta } from './meta.ts';
import { microTime, quantity, time } from './values.ts';

const core = (name: string) => `k8s.io.api.core.v1.${name}`;

export const configMap = message(core('ConfigMap'), {
  metadata: field(1, objectMeta),
  data: map(2, 'string'),
  binaryData: map(3, 'bytes'),
  immutable: kept(4, 'bool'),
});

export const secret = message(core('Secret'), {
  metadata: field(1, objectMeta),
  data: map(2, 'bytes'),
  type: field(3, 'string'),
  stringData: map(4, 'string'),
  immutable: kept(5, 'bool'),
});

const namespaceCondition = message(core('NamespaceCondition'), {
  type: kept(1, 'string'),
  status: kept(2, 'string'),
  lastTransitionTime: field(4, time),
  reason: field(5, 'string'),
  message: field(6, 'string'),
});

export const namespace = message(core('Namespace'), {
  metadata: field(1, objectMeta),
  spec: field(2, message(core('NamespaceSpec'), { finalizers: list(1, 'string') })),
  status: field(
    3,
    message(core('NamespaceStatus'), { phase: field(1, 'string'), conditions: list(2, namespaceCondition) }),
  ),
});

const scopeSelector = message(core('ScopeSelector'), {
  matchExpressions: list(
    1,
    message(core('ScopedResourceSelectorRequirement'), {
      scopeName: field(1, 'string'),
      operator: field(2, 'string'),
      values: list(3, 'string'),
    }),
  ),
});

export const resourceQuota = message(core('ResourceQuota'), {
  metadata: field(1, objectMeta),
  spec: field(
    2,
    message(core('ResourceQuotaSpec'), {
      hard: map(1, quantity),
      scopes: list(2, 'string'),
      scopeSelector: kept(3, scopeSelector),
    }),
  ),
  status: field(3, message(core('ResourceQuotaStatus'), { hard: map(1, quantity), used: map(2, quantity) })),
});

const objectReference = message(core('ObjectReference'), {
  kind: field(1, 'string'),
  namespace: field(2, 'string'),
  name: field(3, 'string'),
  uid: field(4, 'string'),
  apiVersion: field(5, 'string'),
  resourceVersion: field(6, 'string'),
  fieldPath: field(7, 'string'),
});

export const serviceAccount = message(core('ServiceAccount'), {
  metadata: field(1, objectMeta),
  secrets: list(2, objectReference),
  imagePullSecrets: list(3, message(core('LocalObjectReference'), { name: field(1, 'string') })),
  automountServiceAccountToken: kept(4, 'bool'),
});

const eventSource = message(core('EventSource'), {
  component: field(1, 'string'),
  host: field(2, 'string'),
});

const eventSeries = message(core('EventSeries'), {
  count: field(1, 'int32'),
  lastObservedTime: field(2, microTime),
});

export const event = message(core('Event'), {
  metadata: field(1, objectMeta),
  involvedObject: field(2, objectReference),
  reason: field(3, 'string'),
  message: field(4, 'string'),
  source: field(5, eventSource),
  firstTimestamp: field(6, time),
  lastTimestamp: field(7, time),
  count: field(8, 'int32'),
  type: field(9, 'string'),
  eventTime: field(10, microTime),
  series: field(11, eventSeries),
  action: field(12, 'string'),
  related: field(13, objectReference),
  reportingComponent: kept(14, 'string'),
  reportingInstance: kept(15, 'string'),
});
