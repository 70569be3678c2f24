// Owns how a start says that backups are made by the clock.
import { resolve } from 'node:path';
import { ApiError, timesProblem } from '@drover/api';
import type { BackupPlan } from './store/backup/routine.ts';
import type { KeySource } from './store/sealing/key-source.ts';

export const backupUsage = `  --backup-dir DIR    write backups into this directory, by the clock (docs/user/backup.md)
  --backup-schedule "CRON"
                      when: five fields of cron, or @hourly, @daily ... (default "30 2 * * *": 02:30 each day)
  --backup-keep N     how many of them are kept (default 7)
  --backup-key-file FILE, --backup-passphrase-file FILE
                      what opens them, one of both: a key of 32 bytes, as of: openssl rand -base64 32, or a passphrase`;

export const backupFlags = {
  'backup-dir': { type: 'string' },
  'backup-schedule': { type: 'string' },
  'backup-keep': { type: 'string' },
  'backup-key-file': { type: 'string' },
  'backup-passphrase-file': { type: 'string' },
} as const;

type Values = Readonly<Partial<Record<keyof typeof backupFlags, string>>>;

const refuse = (why: string): ApiError => new ApiError('BadRequest', `cannot start: ${why}`);

const takeSource = (values: Values): KeySource => {
  const keyFile = values['backup-key-file'];
  const passphraseFile = values['backup-passphrase-file'];
  if ((keyFile === undefined) === (passphraseFile === undefined))
    throw refuse(
      '--backup-dir needs what its files are encrypted with: either --backup-key-file or --backup-passphrase-file',
    );
  if (keyFile !== undefined) return { kind: 'file', path: resolve(keyFile) };
  return { kind: 'passphrase-file', path: resolve(passphraseFile ?? '') };
};

const takeKeep = (text: string): number => {
  const keep = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (keep >= 1) return keep;
  throw refuse(`--backup-keep must be a whole number from 1 to 999, not "${text}"`);
};

/** Undefined when none are wanted. `timeZone`: that of the machine. @throws ApiError BadRequest naming the option. */
export const takeBackupPlan = (values: Values, timeZone: string): BackupPlan | undefined => {
  const directory = values['backup-dir'];
  const given = Object.keys(backupFlags).find((name) => Object.hasOwn(values, name));
  if (directory === undefined) {
    if (given === undefined) return undefined;
    throw refuse(`--${given} says nothing without --backup-dir`);
  }
  const schedule = values['backup-schedule'] ?? '30 2 * * *';
  const problem = timesProblem(schedule, timeZone);
  if (problem !== undefined) throw refuse(`--backup-schedule "${schedule}" ${problem.message}`);
  const keep = takeKeep(values['backup-keep'] ?? '7');
  return { directory: resolve(directory), schedule, timeZone, keep, source: takeSource(values) };
};
