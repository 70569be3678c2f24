// Owns making one server join over SSH, from the connection to the node being Ready.
// I1: the join secret and the password go through standard input: never in an argument that ps could show.
// I2: each server gets a token of its own, for one use, so that the node is known by the token it came with.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, certificateSigningRequests, enrollmentTokens, nodes as nodeKind } from '@drover/client';
import { Failure } from '../failure.ts';
import { openSshHost, type SshHost, type SshLogin, type SshTrust } from './ssh-host.ts';
import type { SshTarget } from './ssh-target.ts';
import { createToken } from './tokens.ts';

export interface Join {
  readonly client: Client;
  readonly target: SshTarget;
  readonly login: SshLogin;
  readonly trust: SshTrust;
  readonly sudo: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The node's policy file, put in place before it joins; '' for none. */
  readonly policy: string;
  readonly timeoutMs: number;
  readonly onStep: (step: string) => void;
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
    throw new Failure('cannot use the join line of the controller: it does not begin with DROVER_TOKEN=');
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
  if (password === '')
    throw new Failure(`cannot become root: ${lastLine(free.output)}`, {
      remedy: 'give --password-file, or allow sudo without a password',
    });
  return { command: `sudo -S -p '' -- ${shell}`, input: `${password}\n${input}` };
};

const prepare = async (host: SshHost, join: Join, line: string): Promise<Prepared> => {
  const { secret, command } = splitJoinLine(line);
  const script = toScript(command, join.policy);
  const input = `${secret}\n${join.policy}`;
  const who = await host.run('id -u', '');
  if (who.code === 0 && lastLine(who.output) === '0') return { command: `sh -c ${quote(script)}`, input };
  if (join.sudo) return withSudo(host, script, input, join.login.password ?? '');
  throw new Failure(`cannot install the agent: ${join.target.user} is not root there`, {
    remedy: 'give --sudo',
  });
};

/** The node that came with this token, once its request is there. */
const nodeOfToken = async (client: Client, token: string, signal: AbortSignal): Promise<string> => {
  for await (const { object } of client.watch(certificateSigningRequests, { signal })) {
    const node = object.metadata.annotations?.['drover.dev/node'];
    if (object.spec?.username === `system:bootstrap:${token}` && node !== undefined) return node;
  }
  throw new Failure('cannot see the request of the server: the watch ended');
};

const awaitReady = async (join: Join, token: string, signal: AbortSignal): Promise<string> => {
  const node = await nodeOfToken(join.client, token, signal);
  join.onStep(`joining as ${node}`);
  await join.client.waitFor(
    nodeKind,
    node,
    (object) => object?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true,
    { signal },
  );
  return node;
};

const toTimeout = (join: Join, signal: AbortSignal, error: unknown): unknown =>
  signal.aborted
    ? new Failure(`cannot finish with ${join.target.label}: not Ready within ${join.timeoutMs / 1000} s`, {
        cause: error,
      })
    : error;

/** Runs the join line; resolves when it has ended well, throws when it has not. */
const runJoin = async (host: SshHost, prepared: Prepared): Promise<'ended'> => {
  const { code, output } = await host.run(prepared.command, prepared.input);
  if (code === 0) return 'ended';
  throw new Failure(`cannot install the agent: it ended with ${code}: ${lastLine(output)}`);
};

/** How long the join line may go on after the node is Ready before it counts as running in the foreground. */
const settleMs = 5000;

const install = async (join: Join, host: SshHost, line: string, token: string, signal: AbortSignal) => {
  const prepared = await prepare(host, join, line);
  join.onStep('installing the agent');
  const ended = runJoin(host, prepared);
  const ready = awaitReady(join, token, signal);
  // Whichever fails first is told; the other is then of no interest.
  ready.catch(() => undefined);
  const node = await Promise.race([ready, ended.then(() => ready)]);
  const settled = await Promise.race([ended, sleep(settleMs, 'running' as const, { signal })]);
  const warning =
    settled === 'ended' ? '' : 'the agent runs in the foreground there and ends with this connection';
  return { node, warning };
};

/** Resolves once the node is Ready. */
export const joinBySsh = async (join: Join): Promise<Joined> => {
  const abort = AbortSignal.timeout(join.timeoutMs);
  join.onStep('connecting');
  const host = await openSshHost(join.target, join.login, join.trust, abort);
  try {
    const token = await createToken(join.client, {
      expiresSeconds: Math.ceil(join.timeoutMs / 1000) + 60,
      maxUses: 1,
      labels: join.labels,
      approval: 'Automatic',
    });
    const name = token.metadata.name ?? '';
    try {
      return await install(join, host, token.status?.joinCommand ?? '', name, abort);
    } catch (error) {
      // A token that was not used must not be left lying about.
      await join.client.delete(enrollmentTokens, name).catch(() => undefined);
      throw toTimeout(join, abort, error);
    }
  } finally {
    host.close();
  }
};
