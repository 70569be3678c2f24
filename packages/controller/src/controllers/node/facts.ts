// Owns reading an agent's facts (docs/protocol.md section 6) into what a Node says of itself.
// I1: facts come from the node: whatever is missing, too long or of another type is left out, never an error.
import type { NodeSystemInfo } from '@drover/api';
import { isLabelValue, isPlainObject, signingLabel } from '@drover/api';
import type { Static } from 'typebox';

/** What this controller reads of an agent; the rows of store.agents fit. */
export interface AgentView {
  readonly node: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly connected: boolean;
  /** Id of the controller that it is, or was last, connected to. */
  readonly controller: string;
  readonly sinceMs: number;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly heartbeat: Readonly<Record<string, number>> | null;
}

type Facts = Readonly<Record<string, unknown>>;

const maxText = 256;

const text = (facts: Facts, field: string): string => {
  const value = facts[field];
  return typeof value === 'string' ? value.slice(0, maxText) : '';
};
const amount = (facts: Facts, field: string): number | undefined => {
  const value = facts[field];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};
const part = (facts: Facts, field: string): Facts => {
  const value = facts[field];
  return isPlainObject(value) ? value : {};
};
const items = (facts: Facts, field: string): readonly unknown[] => {
  const value = facts[field];
  return Array.isArray(value) ? value : [];
};

/** uname -m → the words of Kubernetes (GOARCH). */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i386: '386',
  i686: '386',
};
const architecture = (facts: Facts): string => {
  const arch = text(facts, 'arch');
  return architectures[arch] ?? arch;
};

/** Size of the file system of /, in KiB. */
export const rootSizeKib = (facts: Facts): number | undefined => {
  const root = items(facts, 'filesystems').find((one) => isPlainObject(one) && one['mount'] === '/');
  return isPlainObject(root) ? amount(root, 'sizeKib') : undefined;
};

export const toNodeInfo = (agent: AgentView): Static<typeof NodeSystemInfo> => {
  const { facts } = agent;
  return {
    machineID: agent.machineId,
    systemUUID: text(facts, 'systemUuid'),
    bootID: agent.bootId,
    kernelVersion: text(facts, 'kernel'),
    osImage: text(part(facts, 'os'), 'name'),
    containerRuntimeVersion: '',
    kubeletVersion: `drover/${agent.agentVersion}`,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: architecture(facts),
  };
};

const isUsable = (address: string): boolean =>
  !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address) && /^[0-9a-f.:]{2,45}$/i.test(address);

/** One address of each type, as the merge key of the list wants it: IPv4 before IPv6. */
export const toAddresses = (agent: AgentView): { readonly type: string; readonly address: string }[] => {
  const all = items(agent.facts, 'addresses').filter((one) => typeof one === 'string');
  const usable = all.filter(isUsable);
  const internal = usable.find((one) => !one.includes(':')) ?? usable[0];
  return [
    ...(internal === undefined ? [] : [{ type: 'InternalIP', address: internal }]),
    { type: 'Hostname', address: text(agent.facts, 'hostname') || agent.node },
  ];
};

export const toCapacity = ({ facts }: AgentView): Record<string, string> => {
  const cpu = amount(part(facts, 'cpu'), 'count');
  const memory = amount(facts, 'memoryKib');
  const storage = rootSizeKib(facts);
  return {
    ...(cpu === undefined ? {} : { cpu: String(cpu) }),
    ...(memory === undefined ? {} : { memory: `${memory}Ki` }),
    ...(storage === undefined ? {} : { 'ephemeral-storage': `${storage}Ki` }),
  };
};

/** Of a capacity that `toCapacity` made. */
export const storageKib = (capacity: Readonly<Record<string, unknown>> = {}): number | undefined => {
  const kib = Number.parseInt(String(capacity['ephemeral-storage']), 10);
  return Number.isNaN(kib) ? undefined : kib;
};

/** Labels that follow the facts; a value that cannot be a label is left out. */
export const toLabels = (agent: AgentView): Record<string, string> => {
  const os = part(agent.facts, 'os');
  const wanted = {
    'kubernetes.io/hostname': text(agent.facts, 'hostname') || agent.node,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture(agent.facts),
    'drover.dev/os-id': text(os, 'id'),
    'drover.dev/os-version': text(os, 'versionId'),
    'drover.dev/os-family': text(os, 'family'),
    [signingLabel]: part(agent.facts, 'signing')['required'] === true ? 'required' : '',
  };
  return Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== '' && isLabelValue(value)),
  );
};
