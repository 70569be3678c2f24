// Owns what nodes use now (metrics.k8s.io), as shares of what they have.
import type { Node, NodeMetrics } from '@drover/api';
import { nodeMetrics } from '@drover/client/kinds';
import { useMemo } from 'react';
import { useLive } from '../../api/live.ts';
import { parseQuantity } from '../../ui/quantity.ts';

export interface Use {
  /** Processors, and bytes; undefined where it is not known. */
  readonly cpus?: number | undefined;
  readonly cpuShare?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly memoryShare?: number | undefined;
  readonly diskBytes?: number | undefined;
  readonly diskShare?: number | undefined;
  readonly load1?: number | undefined;
  readonly tasks?: number | undefined;
  readonly uptimeSeconds?: number | undefined;
}

const shareOf = (used: number | undefined, all: string | number | undefined): number | undefined => {
  const total = parseQuantity(all);
  return used === undefined || total === undefined || total <= 0 ? undefined : Math.min(1, used / total);
};

export const toUse = ({ usage }: NodeMetrics, { status }: Node): Use => {
  const capacity = status?.capacity ?? {};
  const of = (name: string): number | undefined => parseQuantity(usage[name]);
  const [cpus, memoryBytes, diskBytes] = [of('cpu'), of('memory'), of('ephemeral-storage')];
  return {
    cpus,
    cpuShare: shareOf(cpus, capacity['cpu']),
    memoryBytes,
    memoryShare: shareOf(memoryBytes, capacity['memory']),
    diskBytes,
    diskShare: shareOf(diskBytes, capacity['ephemeral-storage']),
    load1: of('drover.dev/load1'),
    tasks: of('drover.dev/tasks'),
    uptimeSeconds: of('drover.dev/uptime-seconds'),
  };
};

/** By name. Who may not see it, or while it is not there yet, sees none. */
export const useUses = (nodes: readonly Node[]): ReadonlyMap<string, Use> => {
  const { items } = useLive(nodeMetrics);
  return useMemo(() => {
    const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
    return new Map(
      items.flatMap((metrics): readonly (readonly [string, Use])[] => {
        const node = byName.get(metrics.metadata.name);
        return node === undefined ? [] : [[metrics.metadata.name ?? '', toUse(metrics, node)]];
      }),
    );
  }, [items, nodes]);
};
