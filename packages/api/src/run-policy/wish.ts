// Owns what policies are asked about: who wants what done, in one form for runs, transfers, terminals and their tasks.
import type { CommandRunSpec } from '../kinds/command-run.ts';
import type { FileTransferSpec } from '../kinds/file-transfer.ts';
import type { Requester } from '../work.ts';

/** As whom the policies know who asks. */
export type RunAsker = { readonly [K in 'username' | 'groups']: Readonly<Requester[K]> };

/** Objects made before the server noted who makes them: bound by what binds everybody. */
export const nobodyKnown: RunAsker = { username: '', groups: [] };

export type RunWish =
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      /** Text of a script, which argv then interprets. */
      readonly script?: string;
      readonly input: string;
      /** '': the agent's own. */
      readonly user: string;
      readonly cwd: string;
      /** Names of variables. */
      readonly env: readonly string[];
    }
  | { readonly kind: 'push'; readonly path: string; readonly owner: string }
  | { readonly kind: 'pull'; readonly path: string }
  | { readonly kind: 'shell'; readonly argv: readonly string[]; readonly user: string };

/** What a run or transfer wants of each node. */
export const toWish = (spec: CommandRunSpec | FileTransferSpec): RunWish => {
  if ('direction' in spec) {
    const { direction, path, owner = '' } = spec;
    return direction === 'Push' ? { kind: 'push', path, owner } : { kind: 'pull', path };
  }
  const { argv, script, stdin, user, cwd, env } = spec;
  return {
    kind: 'command',
    argv: script?.interpreter ?? argv ?? [],
    ...(script === undefined ? {} : { script: script.source }),
    input: stdin ?? '',
    user: user ?? '',
    cwd: cwd ?? '',
    env: Object.keys(env ?? {}),
  };
};
