// Owns how hosts read in the status of an SSHEnrollment. Pure.
import type { SSHEnrollment, SSHHost, SSHHostStatus } from '@drover/api';
import { SshFailure, type SshProblem } from '@drover/ssh';

type Status = NonNullable<SSHEnrollment['status']>;

const remedies: Readonly<Record<SshProblem, string>> = {
  'key-unknown':
    'compare it on the server (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then put it into spec.hostKeys',
  'key-changed':
    'the server was set up anew, or somebody stands between; find out which, then correct spec.hostKeys and try again',
  'key-revoked': 'take the server out, or correct spec.knownHosts',
  login: 'check the user, and the key or password in the Secret; then try again',
  credentials: 'check ssh-privatekey and passphrase in the Secret; then try again',
  connection:
    'check the address, that sshd runs there, and that this controller can reach it; then try again',
  'not-root': 'allow sudo: make another SSHEnrollment with spec.sudo, or sign in as root',
  sudo: 'put sudo-password into the Secret, or allow sudo without a password; then try again',
  'join-line': 'see the log of the controller',
  install: 'mend it on the server, then try again',
  timeout:
    'check that the server reaches this controller, then try again, with more spec.timeoutSeconds if it is slow',
};

/** What a thrown value is to be told as. */
export const toFailed = (
  error: unknown,
): Pick<SSHHostStatus, 'phase' | 'message' | 'remedy'> & Pick<Partial<SSHHostStatus>, 'hostKey'> => {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SshFailure)) return { phase: 'Failed', message, remedy: 'try again' };
  const [type = '', fingerprint = ''] = error.shownKey.split(' ');
  return {
    phase: error.problem === 'key-unknown' ? 'HostKeyUnknown' : 'Failed',
    message,
    remedy: remedies[error.problem],
    ...(error.shownKey === '' ? {} : { hostKey: { type, fingerprint } }),
  };
};

export const statusesOf = ({ status }: SSHEnrollment): ReadonlyMap<string, SSHHostStatus> =>
  new Map((status?.hosts ?? []).map((host) => [host.host, host]));

const isEnded = ({ phase }: SSHHostStatus): boolean => phase === 'Ready' || phase === 'Failed';

const phaseOf = (hosts: readonly SSHHostStatus[]): string => {
  if (hosts.every(({ phase }) => phase === 'Ready')) return 'Succeeded';
  if (hosts.every(isEnded)) return 'Failed';
  return hosts.every((host) => isEnded(host) || host.phase === 'HostKeyUnknown')
    ? 'WaitingForTrust'
    : 'Running';
};

/** The status with what is known of some hosts now; `attempts` of the spec that nobody has begun yet count as not ended. */
export const toStatus = (
  enrolment: SSHEnrollment,
  hosts: readonly SSHHost[],
  changes: ReadonlyMap<string, SSHHostStatus>,
  now: string,
): Status => {
  const before = statusesOf(enrolment);
  const all = hosts.map(
    ({ host }): SSHHostStatus =>
      changes.get(host) ?? before.get(host) ?? { host, phase: 'Pending', attempt: 1, since: now },
  );
  const phase = phaseOf(all);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  return {
    phase,
    observedGeneration: enrolment.metadata.generation ?? 0,
    total: all.length,
    ready: all.filter((host) => host.phase === 'Ready').length,
    failed: all.filter((host) => host.phase === 'Failed').length,
    ...(isOver ? { completionTime: enrolment.status?.completionTime ?? now } : {}),
    hosts: all,
  };
};
