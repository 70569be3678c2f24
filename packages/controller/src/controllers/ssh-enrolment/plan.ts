// Owns what is to be done about the hosts of an SSHEnrollment now. Pure.
// I1: a host that is being worked on is not begun again; at most `parallelism` are at once, in the order of the spec.
// I2: Installing and Joining without anybody at work is what a former life of the controller left: it is looked whether
//     that server comes by its token before anything is begun anew.
// I3: a host that failed, or whose key nobody knows, begins again only when somebody says so: by attempts, or a trusted key.
// I4: once the time is up nothing is begun, and what has not ended has failed.
import type { SSHEnrollment, SSHHost, SSHHostStatus } from '@drover/api';

export interface HostStart {
  readonly host: SSHHost;
  readonly kind: 'begin' | 'resume';
  readonly attempt: number;
  /** Of a former life (I2). */
  readonly token: string;
}

export interface EnrolmentFacts {
  readonly enrolment: SSHEnrollment;
  readonly hosts: readonly SSHHost[];
  readonly statuses: ReadonlyMap<string, SSHHostStatus>;
  readonly running: ReadonlySet<string>;
  readonly isTrusted: (host: SSHHost) => boolean;
  readonly isOver: boolean;
}

export const deadlineMs = ({ metadata, spec }: SSHEnrollment): number =>
  Date.parse(metadata.creationTimestamp ?? '') + spec.activeDeadlineSeconds * 1000;

const startOf = (facts: EnrolmentFacts, host: SSHHost): HostStart | undefined => {
  const status = facts.statuses.get(host.host);
  const wanted = facts.enrolment.spec.attempts?.[host.host] ?? 1;
  const attempt = Math.max(wanted, status?.attempt ?? 1);
  const begin: HostStart = { host, kind: 'begin', attempt, token: '' };
  switch (status?.phase) {
    case undefined:
    case 'Pending':
    case 'Connecting':
      return begin;
    case 'Installing':
    case 'Joining':
      return { ...begin, kind: 'resume', token: status?.token ?? '' };
    case 'HostKeyUnknown':
      return facts.isTrusted(host) ? begin : undefined;
    case 'Failed':
      return wanted > (status?.attempt ?? 1) ? begin : undefined;
    case 'Ready':
      return undefined;
  }
};

/** Who is to be begun now. */
export const planStarts = (facts: EnrolmentFacts): readonly HostStart[] => {
  if (facts.isOver) return []; // I4
  const free = Math.max(0, facts.enrolment.spec.parallelism - facts.running.size);
  return facts.hosts
    .filter(({ host }) => !facts.running.has(host))
    .flatMap((host) => startOf(facts, host) ?? [])
    .slice(0, free);
};
