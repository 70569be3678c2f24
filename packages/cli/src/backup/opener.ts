// Owns what opens a backup, as the person gives it: a key file, or a passphrase from a file, the environment or asked for.
import { readFile } from 'node:fs/promises';
import type { BackupWish } from '@drover/api';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { createAsk } from '../platform/ask.ts';
import type { Session } from '../session.ts';

export interface OpenerOptions {
  readonly keyFile?: string;
  readonly passphraseFile?: string;
}

export const passphraseVariable = 'DROVER_BACKUP_PASSPHRASE';

export const addOpenerOptions = (command: Command): Command =>
  command
    .option('--key-file <file>', 'key of 32 bytes, raw, hex or base64, as of: openssl rand -base64 32')
    .option(
      '--passphrase-file <file>',
      `file of the passphrase; or in the environment: ${passphraseVariable}; else it is asked for`,
    );

const readSecret = async (path: string, option: string): Promise<Buffer> => {
  try {
    return await readFile(path);
  } catch (error) {
    throw usageFailure(
      `cannot read ${option} ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

const keyBytes = 32;

const parseKey = (bytes: Buffer, path: string): string => {
  const text = bytes.toString('latin1').trim();
  const forms = [bytes, Buffer.from(text, 'hex'), Buffer.from(text, 'base64')];
  const key = forms.find((one) => one.length === keyBytes);
  if (key !== undefined) return key.toString('base64');
  throw usageFailure(
    `cannot use --key-file ${path}: it is not a key of 32 bytes`,
    'make one: openssl rand -base64 32',
  );
};

/** `isNew`: asked for twice. */
export const askPassphrase = async (
  session: Session,
  { isNew }: { readonly isNew: boolean },
): Promise<string> => {
  const given = session.environment[passphraseVariable];
  if (given !== undefined) return given;
  const ask = createAsk(session);
  const passphrase = await ask.secret('Passphrase of the backup: ');
  if (isNew && session.input.isTTY === true && (await ask.secret('Once more: ')) !== passphrase)
    throw usageFailure('cannot back up: the passphrase was not the same twice');
  return passphrase;
};

export const toWish = async (options: OpenerOptions, session: Session): Promise<BackupWish> => {
  const { keyFile, passphraseFile } = options;
  if (keyFile !== undefined && passphraseFile !== undefined)
    throw usageFailure('cannot use both --key-file and --passphrase-file');
  if (keyFile !== undefined) return { key: parseKey(await readSecret(keyFile, '--key-file'), keyFile) };
  if (passphraseFile === undefined) return { passphrase: await askPassphrase(session, { isNew: true }) };
  const text = (await readSecret(passphraseFile, '--passphrase-file')).toString('utf8');
  return { passphrase: text.replace(/\r?\n$/, '') };
};

/** For the controller's program: words and what goes into its environment. */
export const toWords = async (
  { keyFile, passphraseFile }: OpenerOptions,
  session: Session,
): Promise<{ readonly words: readonly string[]; readonly secrets: Readonly<Record<string, string>> }> => {
  if (keyFile !== undefined) return { words: ['--key-file', keyFile], secrets: {} };
  if (passphraseFile !== undefined) return { words: ['--passphrase-file', passphraseFile], secrets: {} };
  const passphrase = await askPassphrase(session, { isNew: false });
  return { words: [], secrets: { [passphraseVariable]: passphrase } };
};
