// Owns one SSH connection to a server that is to join: host key verified, commands run, secrets by stdin only.
// I1: the host key is judged before anything about the user is sent.
import type { ConnectConfig, ServerHostKeyAlgorithm, Client as SshClient } from 'ssh2';
import { SshFailure } from './failure.ts';
import { entriesFor, judgeKey, type KnownHost, keyType, toFingerprint, type Verdict } from './known-hosts.ts';

export interface SshTarget {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** As people wrote it. */
  readonly label: string;
}

export interface SshLogin {
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly password?: string;
  /** Socket of an ssh-agent. */
  readonly agent?: string;
}

export interface SshTrust {
  readonly known: readonly KnownHost[];
  /** 'SHA256:...' */
  readonly fingerprints: readonly string[];
}

interface Executed {
  readonly code: number;
  /** The last of both streams. */
  readonly output: string;
}

export interface SshHost {
  /** `input` goes to standard input, which is then closed. */
  run(command: string, input: string): Promise<Executed>;
  close(): void;
}

const connectMs = 30_000;
const maxOutput = 8192;

const allTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

const algorithmsOf = (types: readonly string[]): ServerHostKeyAlgorithm[] =>
  allTypes
    .filter((type) => types.includes(type))
    .flatMap((type): ServerHostKeyAlgorithm[] =>
      type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type as ServerHostKeyAlgorithm],
    );

const wrongKey = (verdict: Exclude<Verdict, 'accepted'>, target: SshTarget, key: Buffer): SshFailure => {
  const shownKey = `${keyType(key)} ${toFingerprint(key)}`;
  const words = {
    revoked: 'its key is revoked',
    unknown: 'its key is in no known_hosts file',
    changed: 'it shows another key than expected',
  } as const;
  return new SshFailure(
    `key-${verdict}`,
    `cannot trust ${target.host} port ${target.port}: ${words[verdict]}: ${shownKey}`,
    { shownKey },
  );
};

const isWrongKey = (error: unknown): error is SshFailure =>
  error instanceof SshFailure && error.shownKey !== '';

interface Attempt {
  readonly target: SshTarget;
  readonly login: SshLogin;
  readonly trust: SshTrust;
  readonly algorithms: ServerHostKeyAlgorithm[];
  readonly signal: AbortSignal;
}

const connectOnce = async ({ target, login, trust, algorithms, signal }: Attempt): Promise<SshClient> => {
  const { Client } = await import('ssh2');
  const ssh = new Client();
  const entries = entriesFor(trust.known, target.host, target.port);
  let wrong: SshFailure | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    const verdict = judgeKey(key, entries, trust.fingerprints);
    if (verdict === 'accepted') return true;
    wrong = wrongKey(verdict, target, key);
    return false;
  };
  const { host, port, user: username } = target;
  const config: ConnectConfig = {
    host,
    port,
    username,
    ...login,
    hostVerifier,
    readyTimeout: connectMs,
    keepaliveInterval: 15_000,
    algorithms: { serverHostKey: algorithms },
  };
  const onAbort = () => ssh.destroy();
  signal.addEventListener('abort', onAbort);
  const { promise, resolve, reject } = Promise.withResolvers<SshClient>();
  ssh.once('ready', () => resolve(ssh));
  ssh.on('error', (error) => reject(wrong ?? error));
  ssh.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    reject(wrong ?? new Error('the connection was closed'));
  });
  ssh.connect(config);
  return promise;
};

/** What the library says of a key that it cannot read, or has no passphrase for. */
const isBadKey = (message: string): boolean => message.startsWith('Cannot parse privateKey');

const toFailure = (target: SshTarget, error: unknown): SshFailure => {
  if (error instanceof SshFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isBadKey(message))
    return new SshFailure('credentials', `cannot sign in to ${target.label}: the private key: ${message}`);
  const isLogin = error instanceof Error && 'level' in error && error.level === 'client-authentication';
  return isLogin
    ? new SshFailure(
        'login',
        `cannot sign in to ${target.label}: the server accepts neither key nor password`,
      )
    : new SshFailure('connection', `cannot connect to ${target.label}: ${message}`);
};

/** Which kinds of key to ask the server for: those that known_hosts has; with fingerprints, one after another. */
const attemptsOf = (target: SshTarget, trust: SshTrust): readonly ServerHostKeyAlgorithm[][] => {
  if (trust.fingerprints.length > 0)
    return [['ssh-ed25519'], allTypes.filter((type) => type.startsWith('ecdsa')), ['ssh-rsa']].map(
      algorithmsOf,
    );
  const known = entriesFor(trust.known, target.host, target.port).filter((entry) => entry.marker === '');
  const own = algorithmsOf(known.map((entry) => entry.type));
  return [own.length > 0 ? own : algorithmsOf(allTypes)];
};

const connect = async (
  target: SshTarget,
  login: SshLogin,
  trust: SshTrust,
  signal: AbortSignal,
): Promise<SshClient> => {
  let last: unknown;
  for (const algorithms of attemptsOf(target, trust))
    try {
      return await connectOnce({ target, login, trust, algorithms, signal });
    } catch (error) {
      // A server without this kind of key ends the handshake: the next kind is tried, and a wrong key told at the end.
      const isHandshake = error instanceof Error && 'level' in error && error.level === 'handshake';
      if (!isWrongKey(error) && !isHandshake) throw error;
      if (!isWrongKey(last) || isWrongKey(error)) last = error;
    }
  throw last;
};

const execute = (ssh: SshClient, command: string, input: string): Promise<Executed> =>
  new Promise((resolve, reject) => {
    ssh.once('close', () => reject(new Error('the connection was closed')));
    ssh.exec(command, (error, channel) => {
      if (error) return reject(error);
      let output = '';
      const add = (data: Buffer) => {
        output = (output + data.toString('utf8')).slice(-maxOutput);
      };
      channel.on('data', add);
      channel.stderr.on('data', add);
      channel.on('close', (code: number | null, signal?: string) =>
        resolve({
          code: code ?? 255,
          output: signal === undefined ? output : `${output}killed by ${signal}\n`,
        }),
      );
      channel.end(input);
    });
  });

export const openSshHost = async (
  target: SshTarget,
  login: SshLogin,
  trust: SshTrust,
  signal: AbortSignal,
): Promise<SshHost> => {
  const ssh = await connect(target, login, trust, signal).catch((error: unknown) => {
    throw toFailure(target, error);
  });
  return {
    run: (command, input) =>
      execute(ssh, command, input).catch((error: unknown) => {
        throw toFailure(target, error);
      }),
    close: () => void ssh.end(),
  };
};
