// Owns finding out what is wrong with a controller: it is asked itself, and its machine is looked at when that is told.
// I1: exit code 0: nothing is wrong (warnings are not); 1: something is; 3: it does not answer, and nothing else was found.
import { resolve } from 'node:path';
import type { Check } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import { isUnreachable } from '@drover/client';
import type { Command } from 'commander';
import { exitCodes, Failure } from '../failure.ts';
import { readOffline } from '../platform/offline.ts';
import type { Session } from '../session.ts';

export interface DoctorOptions {
  readonly dataDir?: string;
  readonly store?: string;
  readonly port?: string;
  readonly agentPort?: string;
  readonly secretsKeyFile?: string;
  readonly secretsPassphraseFile?: string;
  readonly output?: string;
}

export interface Findings {
  readonly reachable: boolean;
  readonly checks: readonly Check[];
}

const unreachable = (message: string): Findings => ({
  reachable: false,
  checks: [
    {
      name: 'controller',
      verdict: 'fail',
      message: `it does not answer: ${message}`,
      remedy: 'see that it runs; on its machine, drover server doctor --data-dir DIR says more',
    },
  ],
});

/** No context, or one that cannot be read, is no answer either: who has lost everything asks most. */
const askController = async (command: Command, session: Session): Promise<Findings> => {
  try {
    const { checks } = await session.connect(command).serverStatus();
    return { reachable: true, checks };
  } catch (error) {
    if (error instanceof Failure || (error instanceof ApiError && isUnreachable(error)))
      return unreachable(error.message);
    throw error;
  }
};

const toWords = (dataDir: string, options: DoctorOptions): readonly string[] => {
  const given = [
    ['--store', options.store],
    ['--port', options.port],
    ['--agent-port', options.agentPort],
    ['--secrets-key-file', options.secretsKeyFile],
    ['--secrets-passphrase-file', options.secretsPassphraseFile],
  ] as const;
  const words = given.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  return ['doctor', '--data-dir', resolve(dataDir), '--json', ...words];
};

const lookAtMachine = async (
  dataDir: string,
  options: DoctorOptions,
  session: Session,
): Promise<readonly Check[]> => {
  const text = await readOffline(toWords(dataDir, options), session);
  if (text === '') throw new Failure(`cannot look at ${dataDir}: the controller's program failed`);
  return (JSON.parse(text) as { readonly checks: readonly Check[] }).checks;
};

export const findOut = async (
  options: DoctorOptions,
  command: Command,
  session: Session,
): Promise<Findings> => {
  if (options.store !== undefined && options.dataDir === undefined)
    throw new Failure(
      'cannot look at the database alone: the key of its secrets is beside the data directory',
      {
        remedy: 'name that too: --data-dir DIR',
      },
    );
  const { reachable, checks } = await askController(command, session);
  if (options.dataDir === undefined) return { reachable, checks };
  return { reachable, checks: [...checks, ...(await lookAtMachine(options.dataDir, options, session))] };
};

/** I1. The first check of a controller that does not answer says just that. */
export const exitCodeOf = ({ reachable, checks }: Findings): number => {
  const others = reachable ? checks : checks.slice(1);
  if (others.some(({ verdict }) => verdict === 'fail')) return exitCodes.failed;
  return reachable ? exitCodes.ok : exitCodes.unreachable;
};
