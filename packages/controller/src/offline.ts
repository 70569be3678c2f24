// Owns what is done without a controller that runs: `restore`, `verify-backup` (adr/0015), `migrate-store`, and `doctor` (doctor.ts).
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError } from '@drover/api';
import { runDoctor } from './doctor.ts';
import { keySourceFlags, takeKeySource } from './key-source-option.ts';
import { runMigrate } from './offline-migrate.ts';
import type { BackupKey } from './store/backup/container.ts';
import { openerOf } from './store/backup/opener.ts';
import { type ReadBackup, readBackup, restoreBackup } from './store/backup/restore.ts';
import { nameOf } from './store/backup/target.ts';
import { deriveKey } from './store/sealing/key-source.ts';
import { storeFlags, takeStore } from './store-option.ts';

const passphraseVariable = 'DROVER_BACKUP_PASSPHRASE';

const usage = `usage: drover-controller restore FILE --data-dir DIR [--store URL] [--key-file FILE | --passphrase-file FILE]
       drover-controller verify-backup FILE [--key-file FILE | --passphrase-file FILE]
  or the passphrase in the environment: ${passphraseVariable}
       drover-controller migrate-store --from DIR|URL --to DIR|URL [--data-dir DIR]`;

const options = {
  'data-dir': { type: 'string' },
  'key-file': { type: 'string' },
  'passphrase-file': { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  ...storeFlags,
  ...keySourceFlags,
} as const;

type Values = Readonly<Partial<Record<keyof typeof options, string>>>;

const fromPassphrase = (passphrase: string): BackupKey => ({
  isPassphrase: true,
  load: (salted) => deriveKey(passphrase, 'the passphrase', salted),
});

/** Takes the passphrase out of the environment. */
const takeKey = (values: Values, environment: NodeJS.ProcessEnv): BackupKey => {
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

const restore = async (file: string, values: Values, environment: NodeJS.ProcessEnv): Promise<string> => {
  const dataDir = values['data-dir'];
  if (dataDir === undefined) throw new ApiError('BadRequest', usage);
  const key = takeKey(values, environment);
  const secrets = takeKeySource(values, environment);
  const place = { dataDir: resolve(dataDir), url: takeStore(values, environment), secrets };
  const read = await restoreBackup({ file: resolve(file), key, ...place });
  return `restored to ${nameOf(place)}: everything was read back and has the digest of the backup\n${toText(read)}`;
};

const verify = async (file: string, values: Values, environment: NodeJS.ProcessEnv): Promise<string> =>
  `the backup is whole\n${toText(await readBackup(resolve(file), takeKey(values, environment)))}`;

/** The words behind the program's name. `tell`: how far it has come. Throws ApiError, and errors of parseArgs. */
export const runOffline = async (
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  tell: (text: string) => void,
): Promise<string> => {
  if (words[0] === 'doctor') return runDoctor(words.slice(1), environment);
  const { values, positionals } = parseArgs({ args: [...words], allowPositionals: true, options });
  const [command, file, ...more] = positionals;
  if (
    command === 'migrate-store' &&
    file === undefined &&
    values.from !== undefined &&
    values.to !== undefined
  )
    return runMigrate({ ...values, from: values.from, to: values.to }, environment, tell);
  if (file === undefined || more.length > 0) throw new ApiError('BadRequest', usage);
  if (command === 'restore') return restore(file, values, environment);
  if (values['data-dir'] !== undefined) throw new ApiError('BadRequest', usage);
  return verify(file, values, environment);
};
