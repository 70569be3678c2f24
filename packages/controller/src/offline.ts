// Owns what is done without a controller that runs: `restore` and `verify-backup` (adr/0015), and `doctor` (doctor.ts).
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError } from '@drover/api';
import { runDoctor } from './doctor.ts';
import { keySourceFlags, takeKeySource } from './key-source-option.ts';
import type { BackupKey } from './store/backup/container.ts';
import { openerOf } from './store/backup/opener.ts';
import { type ReadBackup, readBackup, restoreBackup } from './store/backup/restore.ts';
import { deriveKey } from './store/sealing/key-source.ts';

const passphraseVariable = 'DROVER_BACKUP_PASSPHRASE';

const usage = `usage: drover-controller restore FILE --data-dir DIR [--key-file FILE | --passphrase-file FILE]
       drover-controller verify-backup FILE [--key-file FILE | --passphrase-file FILE]
  or the passphrase in the environment: ${passphraseVariable}`;

const options = {
  'data-dir': { type: 'string' },
  'key-file': { type: 'string' },
  'passphrase-file': { type: 'string' },
  ...keySourceFlags,
} as const;

const fromPassphrase = (passphrase: string): BackupKey => ({
  isPassphrase: true,
  load: (salted) => deriveKey(passphrase, 'the passphrase', salted),
});

/** Takes the passphrase out of the environment. */
const takeKey = (
  values: { readonly 'key-file'?: string; readonly 'passphrase-file'?: string },
  environment: NodeJS.ProcessEnv,
): BackupKey => {
  const passphrase = environment[passphraseVariable];
  delete environment[passphraseVariable];
  const keyFile = values['key-file'];
  const passphraseFile = values['passphrase-file'];
  if (keyFile !== undefined) return openerOf({ kind: 'file', path: resolve(keyFile) });
  if (passphraseFile !== undefined)
    return openerOf({ kind: 'passphrase-file', path: resolve(passphraseFile) });
  if (passphrase !== undefined) return fromPassphrase(passphrase);
  throw new ApiError('BadRequest', `cannot open the backup: nothing is given that opens it\n${usage}`);
};

const toText = ({ header, digest }: ReadBackup): string => {
  const rows = Object.entries(digest.tables)
    .filter(([, table]) => table.rows > 0)
    .map(([name, table]) => `  ${name.padEnd(14)} ${table.rows}\n`);
  return `made       ${header.createdAt} by Drover ${header.drover}
revision   ${header.revision}
digest     ${digest.sha256}
files      ${digest.files.count}, ${digest.files.sizeBytes} bytes
rows
${rows.join('')}`;
};

/** The words behind the program's name. Throws ApiError, and errors of parseArgs. */
export const runOffline = async (
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> => {
  if (words[0] === 'doctor') return runDoctor(words.slice(1), environment);
  const { values, positionals } = parseArgs({ args: [...words], allowPositionals: true, options });
  const [command, file, ...more] = positionals;
  const dataDir = values['data-dir'];
  if (file === undefined || more.length > 0 || (command === 'restore') !== (dataDir !== undefined))
    throw new ApiError('BadRequest', usage);
  const key = takeKey(values, environment);
  if (dataDir === undefined) return `the backup is whole\n${toText(await readBackup(resolve(file), key))}`;
  const secrets = takeKeySource(values, environment);
  const target = resolve(dataDir);
  const read = await restoreBackup({ file: resolve(file), key, dataDir: target, secrets });
  return `restored to ${target}: everything was read back and has the digest of the backup\n${toText(read)}`;
};
