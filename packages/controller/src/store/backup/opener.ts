// Owns how a key file or a passphrase on the disk becomes what a backup is closed and opened with.
import { isPassphrase, type KeySource, loadKey, newScrypt } from '../sealing/key-source.ts';
import type { BackupKey } from './container.ts';

/** Read anew each time: a file that was changed counts from the next backup on. */
export const openerOf = (source: KeySource): BackupKey => ({
  isPassphrase: isPassphrase(source),
  load: (salted) => loadKey(source, { defaultPath: '', salted }),
});

/** Throws ApiError ServiceUnavailable in one clear line when it cannot be used. */
export const checkOpener = async (source: KeySource): Promise<void> => {
  // What it costs to guess matters for files, not for a look.
  await openerOf(source).load({ ...newScrypt(), cost: 1024 });
};
