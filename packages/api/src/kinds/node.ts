// Owns the kind Node: columns as kubectl prints them, selectors, and how quantities are stored.
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { ageColumn, nameColumn, textColumn } from '../printing/columns.ts';
import { Node } from './node-schema.ts';

const node = (o: KubeObject) => o as unknown as Node;

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

const roles = (o: KubeObject): string => {
  const found = Object.entries(o.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix))
      return key.length > rolePrefix.length ? [key.slice(rolePrefix.length)] : [];
    return key === roleLabel && value !== '' ? [value] : [];
  });
  return found.length === 0 ? '<none>' : [...new Set(found)].sort().join(',');
};

const status = (o: KubeObject): string => {
  const ready = (node(o).status?.conditions ?? []).find((c) => c.type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node(o).spec.unschedulable === true ? `${word},SchedulingDisabled` : word;
};

const address = (type: string) => (o: KubeObject) =>
  (node(o).status?.addresses ?? []).find((a) => a.type === type)?.address ?? '<none>';

const info = (field: 'osImage' | 'kernelVersion' | 'containerRuntimeVersion') => (o: KubeObject) =>
  node(o).status?.nodeInfo?.[field] || '<unknown>';

type Resources = Readonly<Record<string, string | number>>;
const withTextQuantities = (list: Resources): Resources =>
  Object.fromEntries(Object.entries(list).map(([key, value]) => [key, String(value)]));

const normalize = (object: KubeObject): KubeObject => {
  const s = node(object).status;
  if (s === undefined) return object;
  return {
    ...object,
    status: {
      ...s,
      ...(s.capacity ? { capacity: withTextQuantities(s.capacity) } : {}),
      ...(s.allocatable ? { allocatable: withTextQuantities(s.allocatable) } : {}),
    },
  };
};

export const nodeKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  scope: 'Cluster',
  schema: Node,
  columns: [
    nameColumn,
    textColumn('Status', 'Whether the node is ready, and cordoned', 0, status),
    textColumn('Roles', 'The roles of the node', 0, roles),
    ageColumn,
    textColumn('Version', 'Version of the agent', 0, (o) => node(o).status?.nodeInfo?.kubeletVersion ?? ''),
    textColumn('Internal-IP', 'Address inside the cluster', 1, address('InternalIP')),
    textColumn('External-IP', 'Address outside the cluster', 1, address('ExternalIP')),
    textColumn('OS-Image', 'As /etc/os-release tells', 1, info('osImage')),
    textColumn('Kernel-Version', 'As uname -r tells', 1, info('kernelVersion')),
    textColumn('Container-Runtime', 'Container runtime', 1, info('containerRuntimeVersion')),
  ],
  hasStatus: true,
  subresources: [],
  selectableFields: { 'spec.unschedulable': (o) => String(node(o).spec.unschedulable ?? false) },
  immutablePaths: [],
  normalize,
};
