// Owns the kind NodeMetrics (metrics.k8s.io): what a node uses now, as `kubectl top nodes` reads it.
import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';

const closed = { additionalProperties: false } as const;

export const NodeMetrics = Type.Object(
  {
    apiVersion: Type.Literal('metrics.k8s.io/v1beta1'),
    kind: Type.Literal('NodeMetrics'),
    metadata: ObjectMeta,
    timestamp: Type.String({ format: 'date-time', description: 'The end of the time that it is about.' }),
    window: Type.String({ description: 'How long that time was, e.g. 10s.' }),
    usage: Type.Record(Type.String(), Type.String(), {
      description:
        'Quantities: cpu, memory; ephemeral-storage is that of the root file system, drover.dev/load1 the load of a minute, drover.dev/tasks how many tasks run, drover.dev/uptime-seconds how long the server is up.',
    }),
  },
  { ...closed, description: 'What a node uses, from the last heartbeat of its agent.' },
);
export type NodeMetrics = Static<typeof NodeMetrics>;

const usage = (name: string) => (o: KubeObject) => (o as unknown as NodeMetrics).usage[name] ?? '<unknown>';

export const nodeMetricsKind: Kind = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  shortNames: [],
  categories: [],
  scope: 'Cluster',
  computed: true,
  schema: NodeMetrics,
  columns: [
    textColumn('CPU', 'Processor time that is used', 0, usage('cpu')),
    textColumn('Memory', 'Memory that is used', 0, usage('memory')),
    textColumn('Window', 'Over how long', 0, (o) => (o as unknown as NodeMetrics).window),
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {},
  immutablePaths: [],
};
