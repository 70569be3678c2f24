// drover store: where the controller keeps everything; moving it, on the machine of a controller that was stopped.
import type { Command } from 'commander';
import { inInstallation } from '../platform/installation.ts';
import { runOffline } from '../platform/offline.ts';
import type { Session } from '../session.ts';

interface MigrateOptions {
  readonly from?: string;
  readonly to: string;
  readonly dataDir?: string;
  readonly secretsKeyFile?: string;
  readonly secretsPassphraseFile?: string;
}

const optional = (flag: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [flag, value];

const migrate = (
  { from = inInstallation('var'), to, dataDir, secretsKeyFile, secretsPassphraseFile }: MigrateOptions,
  session: Session,
): Promise<void> =>
  runOffline(
    [
      ...['migrate-store', '--from', from, '--to', to],
      ...optional('--data-dir', dataDir),
      ...optional('--secrets-key-file', secretsKeyFile),
      ...optional('--secrets-passphrase-file', secretsPassphraseFile),
    ],
    {},
    session,
  );

export const define = (command: Command, session: Session): void => {
  command
    .command('migrate')
    .description('Move everything that a stopped controller keeps to an empty database, or back')
    .requiredOption('--to <place>', 'an empty database (postgres://...), or a directory: missing or empty')
    .option(
      '--from <place>',
      'data directory of the controller, or its database (default: var of this installation)',
    )
    .option(
      '--data-dir <dir>',
      'data directory of a controller on the database: the key of its secrets is beside it (<dir>.key)',
    )
    .option('--secrets-key-file <file>', 'what opens its secrets, if it does not tell of itself')
    .option('--secrets-passphrase-file <file>', 'or the passphrase in this file')
    .action((options: MigrateOptions) => migrate(options, session));
};
