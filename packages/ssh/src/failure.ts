// Owns how reaching a server by SSH fails: what it is, and the words "cannot X: why". What to do about it depends on the
// client that asks, so each has remedies of its own by the problem.

export type SshProblem =
  | 'key-unknown'
  | 'key-changed'
  | 'key-revoked'
  | 'login'
  | 'credentials'
  | 'connection'
  | 'not-root'
  | 'sudo'
  | 'join-line'
  | 'install'
  | 'timeout';

export class SshFailure extends Error {
  readonly problem: SshProblem;
  /** The key that the server showed, when it is about that: 'ssh-ed25519 SHA256:...'. */
  readonly shownKey: string;

  constructor(
    problem: SshProblem,
    message: string,
    options: { readonly shownKey?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SshFailure';
    this.problem = problem;
    this.shownKey = options.shownKey ?? '';
  }
}
