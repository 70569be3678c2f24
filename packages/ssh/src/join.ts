// Owns making one server join over SSH, from the connection to the node being Ready. Who makes the token and who sees the
// node come is the client's matter (Enrolment): the command line asks the API, the controller its own resources.
// I1: the join secret and the password go through standard input: never in an argument that ps could show.
// I2: each server gets a token of its own, for one use, so that the node is known by the token it came with.
// I3: a token whose server did not join is taken back.
import { setTimeout as sleep } from 'node:timers/promises';
import { SshFailure } from './failure.ts';
import { openSshHost, type SshHost, type SshLogin, type SshTarget, type SshTrust } from './host.ts';

export interface Enrolment {
  /** A token for one server: its name, and the line that joins with it. */
  readonly issue: () => Promise<{ readonly token: string; readonly line: string }>;
  /** Resolves to the node that came with the token once it is Ready; tells its name as soon as it is known. */
  readonly ready: (token: string, onNode: (node: string) => void, signal: AbortSignal) => Promise<string>;
  readonly revoke: (token: string) => Promise<void>;
}

export type JoinStep =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'installing' }
  | { readonly kind: 'joining'; readonly node: string };

export interface ServerJoin {
  readonly target: SshTarget;
  readonly login: SshLogin;
  readonly trust: SshTrust;
  /** Whether to become root with sudo where the user is not root. */
  readonly sudo: boolean;
  /** '' : none, sudo must ask for none. */
  readonly sudoPassword: string;
  /** The node's policy file, put in place before it joins; '' for none. */
  readonly policy: string;
  readonly timeoutMs: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal;
  readonly enrolment: Enrolment;
  readonly onStep: (step: JoinStep) => void;
}

export interface Joined {
  readonly node: string;
  readonly warning: string;
}

/** A word for a POSIX shell. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** The join line apart: the secret, and the command without it. */
export const splitJoinLine = (line: string): { readonly secret: string; readonly command: string } => {
  const found = /^DROVER_TOKEN=(\S+) (.+)$/s.exec(line);
  if (found?.[1] === undefined || found[2] === undefined)
    throw new SshFailure(
      'join-line',
      'cannot use the join line of the controller: it does not begin with DROVER_TOKEN=',
    );
  return { secret: found[1], command: found[2] };
};

/** Puts the rest of standard input in the place of the policy: whole, or the server does not join. */
const policyScript = (policy: string): string =>
  '(umask 022; cd /etc && mkdir -p drover && cat > drover/policy.json.new && ' +
  `test "$(wc -c < drover/policy.json.new)" -eq ${Buffer.byteLength(policy)} && ` +
  'mv drover/policy.json.new drover/policy.json) || exit 1;';

/** Reads the secret from standard input, then the policy if there is one, then becomes the join command. */
const toScript = (command: string, policy: string): string =>
  `IFS= read -r DROVER_TOKEN; export DROVER_TOKEN; ${policy === '' ? '' : policyScript(policy)} exec </dev/null; exec ${command}`;

const lastLine = (output: string): string => output.trim().split('\n').at(-1)?.trim() ?? '';

interface Prepared {
  readonly command: string;
  readonly input: string;
}

const withSudo = async (
  host: SshHost,
  script: string,
  input: string,
  password: string,
): Promise<Prepared> => {
  const shell = `sh -c ${quote(script)}`;
  const free = await host.run('sudo -n true', '');
  if (free.code === 0) return { command: `sudo -n -- ${shell}`, input };
  if (password === '') throw new SshFailure('sudo', `cannot become root: ${lastLine(free.output)}`);
  return { command: `sudo -S -p '' -- ${shell}`, input: `${password}\n${input}` };
};

const prepare = async (host: SshHost, join: ServerJoin, line: string): Promise<Prepared> => {
  const { secret, command } = splitJoinLine(line);
  const script = toScript(command, join.policy);
  const input = `${secret}\n${join.policy}`;
  const who = await host.run('id -u', '');
  if (who.code === 0 && lastLine(who.output) === '0') return { command: `sh -c ${quote(script)}`, input };
  if (join.sudo) return withSudo(host, script, input, join.sudoPassword);
  throw new SshFailure('not-root', `cannot install the agent: ${join.target.user} is not root there`);
};

/** Runs the join line; resolves when it has ended well, throws when it has not. */
const runJoin = async (host: SshHost, prepared: Prepared): Promise<'ended'> => {
  const { code, output } = await host.run(prepared.command, prepared.input);
  if (code === 0) return 'ended';
  throw new SshFailure('install', `cannot install the agent: it ended with ${code}: ${lastLine(output)}`);
};

/** How long the join line may go on after the node is Ready before it counts as running in the foreground. */
const settleMs = 5000;

const install = async (
  join: ServerJoin,
  host: SshHost,
  { token, line }: { readonly token: string; readonly line: string },
  signal: AbortSignal,
): Promise<Joined> => {
  const prepared = await prepare(host, join, line);
  join.onStep({ kind: 'installing' });
  const ended = runJoin(host, prepared);
  const ready = join.enrolment.ready(token, (node) => join.onStep({ kind: 'joining', node }), signal);
  // Whichever fails first is told; the other is then of no interest.
  ready.catch(() => undefined);
  const node = await Promise.race([ready, ended.then(() => ready)]);
  const settled = await Promise.race([ended, sleep(settleMs, 'running' as const, { signal })]);
  const warning =
    settled === 'ended' ? '' : 'the agent runs in the foreground there and ends with this connection';
  return { node, warning };
};

const toTimeout = (join: ServerJoin, timeout: AbortSignal, error: unknown): unknown =>
  timeout.aborted
    ? new SshFailure(
        'timeout',
        `cannot finish with ${join.target.label}: not Ready within ${join.timeoutMs / 1000} s`,
        { cause: error },
      )
    : error;

/** Resolves once the node is Ready. Throws SshFailure, and what the enrolment throws. */
export const joinServer = async (join: ServerJoin): Promise<Joined> => {
  const timeout = AbortSignal.timeout(join.timeoutMs);
  const signal = join.signal === undefined ? timeout : AbortSignal.any([timeout, join.signal]);
  join.onStep({ kind: 'connecting' });
  const host = await openSshHost(join.target, join.login, join.trust, signal);
  try {
    const issued = await join.enrolment.issue();
    try {
      return await install(join, host, issued, signal);
    } catch (error) {
      await join.enrolment.revoke(issued.token).catch(() => undefined); // I3
      throw toTimeout(join, timeout, error);
    }
  } finally {
    host.close();
  }
};
