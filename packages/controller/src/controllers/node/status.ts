// Owns how what is known of an agent becomes a Node's labels and status: pure functions.
// I1: nothing that only says "still so" changes the object: no heartbeat times, no counters.
// I2: a condition's lastTransitionTime is when its status changed, not when it was last looked at.
// I3: pressure ends only well above the threshold at which it begins, so that it does not flap.
import { type Condition, isEqualJson, type KubeObject, type Node, signingLabel } from '@drover/api';
import { toTimestamp } from '../../platform/clock.ts';
import {
  type AgentView,
  rootSizeKib,
  storageKib,
  toAddresses,
  toCapacity,
  toLabels,
  toNodeInfo,
} from './facts.ts';

// Stored objects have been validated by the schema of their kind.
export const asNode = (object: KubeObject): Node => object as unknown as Node;

type NodeCondition = Condition;
type Wanted = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionOf = (object: KubeObject, type: string): NodeCondition | undefined =>
  (asNode(object).status?.conditions ?? []).find((c) => c.type === type);

const readyOf = (agent: AgentView | undefined): Wanted => {
  if (agent === undefined) {
    const message = 'the agent has not connected yet';
    return { type: 'Ready', status: 'Unknown', reason: 'NeverConnected', message };
  }
  if (agent.connected) {
    return { type: 'Ready', status: 'True', reason: 'AgentConnected', message: 'the agent is connected' };
  }
  const message = `the agent is not connected since ${toTimestamp(agent.sinceMs)}`;
  return { type: 'Ready', status: 'Unknown', reason: 'AgentDisconnected', message };
};

/** Begins below `below` of the whole, ends above one and a half times that (I3). */
const pressureOf = (
  previous: NodeCondition | undefined,
  wanted: { readonly type: string; readonly what: string; readonly below: number },
  free: number | undefined,
  total: number | undefined,
): Wanted => {
  const { type, what, below } = wanted;
  if (free === undefined || total === undefined || total <= 0) {
    return { type, status: 'Unknown', reason: 'NotReported', message: `${what} is not known` };
  }
  const limit = total * below * (previous?.status === 'True' ? 1.5 : 1);
  const share = `${Math.round(below * 100)} %`;
  return free < limit
    ? { type, status: 'True', reason: `AgentHas${type}`, message: `less than ${share} of ${what} is free` }
    : { type, status: 'False', reason: `AgentHasNo${type}`, message: `enough ${what} is free` };
};

const memory = { type: 'MemoryPressure', what: 'memory', below: 0.05 };
const disk = { type: 'DiskPressure', what: 'disk space', below: 0.1 };

const unknownPressure = (type: string): Wanted => ({
  type,
  status: 'Unknown',
  reason: 'AgentDisconnected',
  message: 'the agent is not connected',
});

const wantedConditions = (object: KubeObject, agent: AgentView | undefined): readonly Wanted[] => {
  const ready = readyOf(agent);
  if (agent === undefined || !agent.connected) {
    return [unknownPressure(memory.type), unknownPressure(disk.type), ready];
  }
  const { heartbeat, facts } = agent;
  const before = (type: string) => conditionOf(object, type);
  // Until the first heartbeat what was known holds.
  const kept = (type: string): Wanted | undefined => (heartbeat === null ? before(type) : undefined);
  return [
    kept(memory.type) ??
      pressureOf(
        before(memory.type),
        memory,
        heartbeat?.['memoryAvailableKib'],
        heartbeat?.['memoryTotalKib'],
      ),
    kept(disk.type) ?? pressureOf(before(disk.type), disk, heartbeat?.['diskFreeKib'], rootSizeKib(facts)),
    ready,
  ];
};

/** Whether what an agent says of its memory and disk is not what the node's conditions say; of a disk as large as its capacity has it. */
export const tellsOfPressure = (object: KubeObject, heartbeat: Readonly<Record<string, number>>): boolean => {
  const isNews = (what: typeof memory, free: number | undefined, total: number | undefined): boolean => {
    const before = conditionOf(object, what.type);
    return pressureOf(before, what, free, total).status !== before?.status;
  };
  return (
    isNews(memory, heartbeat['memoryAvailableKib'], heartbeat['memoryTotalKib']) ||
    isNews(disk, heartbeat['diskFreeKib'], storageKib(asNode(object).status?.capacity))
  );
};

const toConditions = (object: KubeObject, wanted: readonly Wanted[], now: string): NodeCondition[] => {
  const made = wanted.map((want): NodeCondition => {
    const before = conditionOf(object, want.type);
    const isSame = before?.status === want.status;
    return { ...want, lastTransitionTime: isSame ? (before?.lastTransitionTime ?? now) : now };
  });
  const ours = new Set(wanted.map((want) => want.type));
  const others = (asNode(object).status?.conditions ?? []).filter((c) => !ours.has(c.type));
  return [...others, ...made].map(({ lastHeartbeatTime: _dropped, ...condition }) => condition);
};

/** The Node with the status that is true now; undefined when it already has it. */
export const withStatus = (
  object: KubeObject,
  agent: AgentView | undefined,
  nowMs: number,
): KubeObject | undefined => {
  const before = asNode(object).status ?? {};
  const conditions = toConditions(object, wantedConditions(object, agent), toTimestamp(nowMs));
  const known =
    agent === undefined || agent.agentVersion === ''
      ? {}
      : {
          nodeInfo: toNodeInfo(agent),
          addresses: toAddresses(agent),
          capacity: toCapacity(agent),
          allocatable: toCapacity(agent),
        };
  const status = { ...before, ...known, conditions };
  return isEqualJson(before, status) ? undefined : { ...object, status };
};

/** The Node with labels after the facts; undefined when it already has them. */
export const withLabels = (object: KubeObject, agent: AgentView | undefined): KubeObject | undefined => {
  if (agent === undefined || agent.agentVersion === '') return undefined;
  const before = object.metadata.labels ?? {};
  const { [signingLabel]: _, ...others } = before;
  const labels = { ...others, ...toLabels(agent) };
  return isEqualJson(before, labels) ? undefined : { ...object, metadata: { ...object.metadata, labels } };
};
