// Owns what the hosts of an SSHEnrollment are, for admission, controller and clients alike. Pure.
import type { SSHEnrollment, SSHHostGroup } from './kinds/ssh-enrollment.ts';
import { parseNodeSet, resolveNodeSet } from './node-set/index.ts';

export interface SSHHost {
  /** What it is called in hostKeys, attempts and status: the name, with its port unless that is 22. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
}

/** 'web1', 'web1:2222', '[2001:db8::1]:2222' */
export const toHostId = (address: string, port: number): string => {
  if (port === 22) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
};

const nobody = { all: [], group: (): readonly string[] => [] };

/** The names that a word stands for: an IPv6 address for itself, all else is a node-set. Throws ApiError. */
const namesOf = (names: string): readonly string[] =>
  names.includes(':') ? [names] : resolveNodeSet(parseNodeSet(names), nobody).unknown;

const hostsOfGroup = ({ names, user, port }: SSHHostGroup): readonly SSHHost[] =>
  namesOf(names).map((address) => ({ host: toHostId(address, port), address, port, user }));

/** All hosts, in the order of the spec. Throws ApiError for names that cannot be read. */
export const toSSHHosts = ({ hosts }: Pick<SSHEnrollment['spec'], 'hosts'>): readonly SSHHost[] =>
  hosts.flatMap(hostsOfGroup);

/** Host keys and known_hosts lines that `after` trusts and `before` did not, for people. */
export const newlyTrusted = (
  before: SSHEnrollment['spec'] | undefined,
  after: SSHEnrollment['spec'],
): readonly string[] => {
  const keysOf = (spec: SSHEnrollment['spec'] | undefined): readonly string[] => [
    ...(spec?.hostKeys ?? []).map(({ host, fingerprint }) => `${host} ${fingerprint}`),
    ...(spec?.knownHosts ?? []),
  ];
  const known = new Set(keysOf(before));
  return keysOf(after).filter((key) => !known.has(key));
};
