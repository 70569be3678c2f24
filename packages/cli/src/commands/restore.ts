// drover restore: a new data directory, or database, from a backup, on the machine where the controller will run.
import type { Command } from 'commander';
import { addOpenerOptions, type OpenerOptions, toWords } from '../backup/opener.ts';
import { runOffline } from '../platform/offline.ts';
import type { Session } from '../session.ts';

interface RestoreOptions extends OpenerOptions {
  readonly dataDir: string;
  readonly store?: string;
  readonly secretsKeyFile?: string;
  readonly secretsPassphraseFile?: string;
}

const restore = async (file: string, options: RestoreOptions, session: Session): Promise<void> => {
  const { words, secrets } = await toWords(options, session);
  const kept = [
    ...(options.store === undefined ? [] : ['--store', options.store]),
    ...(options.secretsKeyFile === undefined ? [] : ['--secrets-key-file', options.secretsKeyFile]),
    ...(options.secretsPassphraseFile === undefined
      ? []
      : ['--secrets-passphrase-file', options.secretsPassphraseFile]),
  ];
  await runOffline(['restore', file, '--data-dir', options.dataDir, ...words, ...kept], secrets, session);
};

export const define = (command: Command, session: Session): void => {
  addOpenerOptions(
    command
      .argument('<file>', 'the backup')
      .requiredOption(
        '--data-dir <dir>',
        'the new data directory: missing or empty; start the controller with it then',
      ),
  )
    .option(
      '--store <url>',
      'put everything into this empty database (postgres://...); only a key is made, beside <dir>',
    )
    .option('--secrets-key-file <file>', 'keep secrets under this key from now on (default <data-dir>.key)')
    .option('--secrets-passphrase-file <file>', 'or under the passphrase in this file')
    .action((file: string, options: RestoreOptions) => restore(file, options, session));
};
