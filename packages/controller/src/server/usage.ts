// Owns what nodes use now: the last heartbeat of each that is connected, as a NodeMetrics. It lives in memory only.
// I1: a node whose agent is not connected has none: what it used before says nothing of now.
// I2: versions begin with the time of the start and rise by one a heartbeat, which come far less often than one a
//     millisecond: a version of an earlier process is older than all of this one's, and can be told from them.
// I3: what was made of a heartbeat is made once and frozen, so that all readers share it.
import { type KubeObject, type Node, type NodeMetrics, nodeKind } from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import type { Resources } from '../resources/resources.ts';
import type { Store } from '../store/store.ts';

type Heartbeat = Readonly<Record<string, number>>;

/** Said of the first heartbeat of an agent, which has none before it. */
const usualWindowMs = 10_000;

interface Use {
  readonly version: number;
  /** Of the first heartbeat since the agent connected. */
  readonly since: number;
  /** undefined: it is not connected any more (I1). */
  readonly beat:
    | { readonly heartbeat: Heartbeat; readonly atMs: number; readonly windowMs: number }
    | undefined;
}

export interface Change {
  readonly name: string;
  readonly version: number;
  /** From this version on it was there. */
  readonly since: number;
  /** undefined: there is none any more. */
  readonly object: KubeObject | undefined;
}

export interface Usage {
  /** Of a node that is there; undefined when it has none. */
  of(node: KubeObject): KubeObject | undefined;
  /** What changed after `version`, oldest first; 0: everything that there is. */
  since(version: number): readonly Change[];
  /** Of the newest change. */
  version(): number;
  /** Older than this: it cannot be known what has changed since. */
  readonly firstVersion: number;
  close(): void;
}

const kibOf = (quantity: string | number | undefined): number | undefined => {
  const found = /^(\d+)Ki$/.exec(String(quantity ?? ''));
  return found === null ? undefined : Number(found[1]);
};

/** Quantities as Kubernetes writes them. What the agent did not say is left out. */
export const toUsage = (heartbeat: Heartbeat, node: Pick<Node, 'status'>): Record<string, string> => {
  const {
    cpuBusyPermille,
    memoryTotalKib,
    memoryAvailableKib,
    diskFreeKib,
    load1,
    runningTasks,
    uptimeSeconds,
  } = heartbeat;
  const capacity = node.status?.capacity ?? {};
  const cpus = Number(capacity['cpu']);
  const diskKib = kibOf(capacity['ephemeral-storage']);
  const all: readonly (readonly [string, number | undefined, string])[] = [
    // A thousandth of all processors, times their number, is thousandths of one.
    ['cpu', cpus > 0 && cpuBusyPermille !== undefined ? cpuBusyPermille * cpus : undefined, 'm'],
    ['memory', memoryTotalKib === undefined ? undefined : memoryTotalKib - (memoryAvailableKib ?? 0), 'Ki'],
    ['ephemeral-storage', diskKib === undefined ? undefined : diskKib - (diskFreeKib ?? diskKib), 'Ki'],
    ['drover.dev/load1', load1 === undefined ? undefined : load1 * 1000, 'm'],
    ['drover.dev/tasks', runningTasks, ''],
    ['drover.dev/uptime-seconds', uptimeSeconds, ''],
  ];
  return Object.fromEntries(
    all.flatMap(([name, amount, unit]) =>
      amount === undefined ? [] : [[name, `${Math.max(0, Math.round(amount))}${unit}`]],
    ),
  );
};

const toMetrics = (node: KubeObject, { version, beat }: Use): KubeObject | undefined => {
  if (beat === undefined) return undefined;
  const { name = '', creationTimestamp, labels } = node.metadata;
  const object: NodeMetrics = {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'NodeMetrics',
    metadata: {
      name,
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(labels === undefined ? {} : { labels }),
      resourceVersion: String(version),
    },
    timestamp: toTimestamp(beat.atMs),
    window: `${Math.max(1, Math.round(beat.windowMs / 1000))}s`,
    // Stored objects have been validated by the schema of their kind.
    usage: toUsage(beat.heartbeat, node as unknown as Node),
  };
  // A KubeObject is any object with these three.
  return Object.freeze(object as unknown as KubeObject);
};

interface UsageDeps {
  readonly store: Pick<Store, 'agents'>;
  readonly resources: Pick<Resources, 'find'>;
  readonly clock: Clock;
}

export const createUsage = ({ store, resources, clock }: UsageDeps): Usage => {
  const firstVersion = clock.nowMs();
  let version = firstVersion;
  const uses = new Map<string, Use>();
  const made = new WeakMap<Use, KubeObject | undefined>();
  const setUse = (name: string, beat: Use['beat']): void => {
    // The newest is the last of the map: `since` looks at no more than it must.
    const before = uses.get(name);
    uses.delete(name);
    version += 1;
    const isNew = before?.beat === undefined && beat !== undefined;
    uses.set(name, { version, since: isNew ? version : (before?.since ?? version), beat });
  };
  const stops = [
    store.agents.onHeartbeat((name, heartbeat) => {
      const atMs = clock.nowMs();
      const before = uses.get(name)?.beat?.atMs;
      setUse(name, { heartbeat, atMs, windowMs: before === undefined ? usualWindowMs : atMs - before });
    }),
    store.agents.onChange((name, row) => {
      if (row?.connected !== true && uses.get(name)?.beat !== undefined) setUse(name, undefined);
    }),
  ];
  /** I3. */
  const shared = (node: KubeObject, use: Use): KubeObject | undefined => {
    if (!made.has(use)) made.set(use, toMetrics(node, use));
    return made.get(use);
  };
  const of = (node: KubeObject): KubeObject | undefined => {
    const use = uses.get(node.metadata.name ?? '');
    return use === undefined ? undefined : shared(node, use);
  };
  return {
    of,
    since: (after) =>
      [...uses]
        .filter(([, use]) => use.version > after)
        .map(([name, use]) => {
          const node = resources.find(nodeKind, '', name);
          return { name, version: use.version, since: use.since, object: node && shared(node, use) };
        }),
    version: () => version,
    firstVersion,
    close: () => {
      for (const stop of stops) stop();
    },
  };
};
