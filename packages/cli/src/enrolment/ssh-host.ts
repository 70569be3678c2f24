// Owns one SSH connection to a server that is to join: host key verified, commands run, secrets by stdin only.
// I1: the host key is judged before anything about the user is sent.
import type { ConnectConfig, ServerHostKeyAlgorithm, Client as SshClient } from 'ssh2';
import { Failure } from '../failure.ts';
import { entriesFor, judgeKey, type KnownHost, keyType, toFingerprint } from './known-hosts.ts';
import type { SshTarget } from './ssh-target.ts';

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

const words = (verdict: string, target: SshTarget, key: Buffer): Failure => {
  const shown = `${keyType(key)} ${toFingerprint(key)}`;
  const where = `${target.host} port ${target.port}`;
  if (verdict === 'revoked') return new Failure(`cannot trust ${where}: its key is revoked: ${shown}`);
  if (verdict === 'unknown')
    return new Failure(`cannot trust ${where}: its key is in no known_hosts file: ${shown}`, {
      remedy: 'compare it on the server (ssh-keygen -lf), then give --fingerprint or add it to known_hosts',
    });
  return new Failure(`cannot trust ${where}: it shows another key than expected: ${shown}`, {
    remedy: 'the server was set up anew, or somebody stands between; find out which before going on',
  });
};

interface Attempt {
  readonly target: SshTarget;
  readonly login: SshLogin;
  readonly trust: SshTrust;
  readonly algorithms: ServerHostKeyAlgorithm[];
  readonly signal: AbortSignal;
}

class WrongKey extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

const connectOnce = async ({ target, login, trust, algorithms, signal }: Attempt): Promise<SshClient> => {
  const { Client } = await import('ssh2');
  const ssh = new Client();
  const entries = entriesFor(trust.known, target.host, target.port);
  let wrong: WrongKey | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    const verdict = judgeKey(key, entries, trust.fingerprints);
    if (verdict === 'accepted') return true;
    wrong = new WrongKey(words(verdict, target, key));
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

const toFailure = (target: SshTarget, error: unknown): Failure => {
  if (error instanceof WrongKey) return error.failure;
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isLogin = error instanceof Error && 'level' in error && error.level === 'client-authentication';
  return isLogin
    ? new Failure(`cannot sign in to ${target.label}: the server accepts neither key nor password`, {
        remedy: 'check the user, and --key or --password-file',
      })
    : new Failure(`cannot connect to ${target.label}: ${message}`);
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
      if (!(error instanceof WrongKey) && !isHandshake) throw error;
      if (!(last instanceof WrongKey) || error instanceof WrongKey) last = error;
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
