// Owns making one server join over SSH from the machine of the command line: what @drover/ssh does, with the API as
// the place where tokens are made and nodes are seen.
import { type Client, certificateSigningRequests, enrollmentTokens, nodes as nodeKind } from '@drover/client';
import { type Enrolment, joinServer, type ServerJoin, SshFailure, type SshProblem } from '@drover/ssh';
import { Failure } from '../failure.ts';
import { createToken } from './tokens.ts';

export interface Join
  extends Pick<ServerJoin, 'target' | 'login' | 'trust' | 'sudo' | 'policy' | 'timeoutMs'> {
  readonly client: Client;
  readonly labels: Readonly<Record<string, string>>;
  readonly onStep: (step: string) => void;
}

const remedies: Readonly<Partial<Record<SshProblem, string>>> = {
  'key-unknown':
    'compare it on the server (ssh-keygen -lf), then give --fingerprint or add it to known_hosts',
  'key-changed': 'the server was set up anew, or somebody stands between; find out which before going on',
  login: 'check the user, and --key or --password-file',
  credentials: 'check --key, and --passphrase-file if the key has a passphrase',
  sudo: 'give --password-file, or allow sudo without a password',
  'not-root': 'give --sudo',
};

/** The node that came with this token, once its request is there. */
const nodeOfToken = async (client: Client, token: string, signal: AbortSignal): Promise<string> => {
  for await (const { object } of client.watch(certificateSigningRequests, { signal })) {
    const node = object.metadata.annotations?.['drover.dev/node'];
    if (object.spec?.username === `system:bootstrap:${token}` && node !== undefined) return node;
  }
  throw new Failure('cannot see the request of the server: the watch ended');
};

const toEnrolment = ({ client, labels, timeoutMs }: Join): Enrolment => ({
  issue: async () => {
    const token = await createToken(client, {
      expiresSeconds: Math.ceil(timeoutMs / 1000) + 60,
      maxUses: 1,
      labels,
      approval: 'Automatic',
    });
    return { token: token.metadata.name ?? '', line: token.status?.joinCommand ?? '' };
  },
  ready: async (token, onNode, signal) => {
    const node = await nodeOfToken(client, token, signal);
    onNode(node);
    await client.waitFor(
      nodeKind,
      node,
      (object) => object?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true,
      { signal },
    );
    return node;
  },
  revoke: async (token) => {
    await client.delete(enrollmentTokens, token);
  },
});

/** Resolves once the node is Ready. */
export const joinBySsh = async (join: Join): Promise<{ readonly node: string; readonly warning: string }> => {
  try {
    return await joinServer({
      ...join,
      sudoPassword: join.login.password ?? '',
      enrolment: toEnrolment(join),
      onStep: (step) => {
        if (step.kind === 'joining') join.onStep(`joining as ${step.node}`);
        else join.onStep(step.kind === 'connecting' ? 'connecting' : 'installing the agent');
      },
    });
  } catch (error) {
    if (!(error instanceof SshFailure)) throw error;
    throw new Failure(error.message, { remedy: remedies[error.problem] ?? '', cause: error });
  }
};
