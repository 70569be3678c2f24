// Owns working on one host: by SSH, or by looking what became of it after a restart.
// I1: the token's name is durable before the server is told of it: whatever happens then, the server can be found again.
// I2: what a former life began is waited for, and its token taken back, before anything is begun anew: a host never
//     joins twice at once.
import { enrollmentTokenKind, type SSHEnrollment, type SSHHostStatus } from '@drover/api';
import { type Enrolment, type JoinStep, joinServer, type SshTrust } from '@drover/ssh';
import type { Resources } from '../../resources/resources.ts';
import { awaitReady, nodeOfToken, revokeToken } from './arrival.ts';
import type { SshCredentials } from './credentials.ts';
import type { HostStart } from './plan.ts';

export type IssueToken = (wish: {
  readonly labels: Readonly<Record<string, string>>;
  readonly expiresSeconds: number;
  /** For the audit trail. */
  readonly reason: string;
}) => Promise<{ readonly token: string; readonly line: string }>;

export interface HostWork {
  readonly resources: Resources;
  readonly issueToken: IssueToken;
  readonly enrolment: SSHEnrollment;
  readonly start: HostStart;
  readonly credentials: SshCredentials;
  readonly trust: SshTrust;
  readonly signal: AbortSignal;
  /** Resolves when it is durable. */
  readonly report: (status: Pick<SSHHostStatus, 'phase'> & Partial<SSHHostStatus>) => Promise<void>;
}

/** How long a server that was being installed as the controller ended may take to ask for its certificate. */
const resumeMs = 20_000;

const toEnrolment = ({ resources, issueToken, enrolment, report }: HostWork): Enrolment => ({
  issue: async () => {
    const { metadata, spec } = enrolment;
    const issued = await issueToken({
      labels: spec.labels ?? {},
      expiresSeconds: spec.timeoutSeconds + 60,
      reason: `sshenrollment ${metadata.namespace}/${metadata.name}`,
    });
    await report({ phase: 'Installing', token: issued.token }); // I1
    return issued;
  },
  ready: async (token, onNode, signal) => {
    const node = await nodeOfToken(resources, token, signal);
    if (node === undefined) throw new Error('the server has not asked to join');
    onNode(node);
    await awaitReady(resources, node, signal);
    return node;
  },
  revoke: (token) => revokeToken(resources, token),
});

const joinAnew = async (work: HostWork): Promise<void> => {
  const { start, enrolment, report, trust, credentials, signal } = work;
  const { host, port, user, address } = start.host;
  let token = '';
  const own = toEnrolment(work);
  const onStep = (step: JoinStep): void => {
    if (step.kind === 'connecting') void report({ phase: 'Connecting' });
    if (step.kind === 'joining') void report({ phase: 'Joining', node: step.node, token });
  };
  const { node, warning } = await joinServer({
    target: { user, host: address, port, label: `${user}@${host}` },
    login: credentials.login,
    sudoPassword: credentials.sudoPassword,
    sudo: enrolment.spec.sudo,
    policy: '',
    trust,
    timeoutMs: enrolment.spec.timeoutSeconds * 1000,
    signal,
    enrolment: {
      ...own,
      issue: async () => {
        const issued = await own.issue();
        token = issued.token;
        return issued;
      },
    },
    onStep,
  });
  await report({ phase: 'Ready', node, ...(warning === '' ? {} : { message: warning }) });
};

/** I2. Resolves to whether the server has come. */
const resume = async ({ resources, enrolment, start, signal, report }: HostWork): Promise<boolean> => {
  const { token } = start;
  // With a token that is gone nobody can ask any more: only who has asked already is waited for.
  const isOpen = resources.find(enrollmentTokenKind, '', token) !== undefined;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(isOpen ? resumeMs : 100)]);
  const node = token === '' ? undefined : await nodeOfToken(resources, token, soon);
  if (node === undefined) {
    if (token !== '') await revokeToken(resources, token);
    return false;
  }
  await report({ phase: 'Joining', node, token });
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(enrolment.spec.timeoutSeconds * 1000)]);
  await awaitReady(resources, node, inTime);
  await report({ phase: 'Ready', node });
  return true;
};

/** Resolves when the node is Ready; throws when it cannot be. */
export const workOnHost = async (work: HostWork): Promise<void> => {
  if (work.start.kind === 'resume' && (await resume(work))) return;
  work.signal.throwIfAborted();
  await joinAnew(work);
};
