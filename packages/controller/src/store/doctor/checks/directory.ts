// Judges whether the data directory is there and ours.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

const name = 'directory';

export const checkDirectory = ({ dataDir, directory, user }: MachineFacts): Check => {
  const fail = (message: string, remedy: string): Check => ({ name, verdict: 'fail', message, remedy });
  if (directory.kind === 'missing')
    return fail(
      `${dataDir} is not there`,
      'name the right one with --data-dir, or restore a backup: drover restore',
    );
  if (directory.kind === 'other')
    return fail(`${dataDir} is not a directory`, 'name the right one with --data-dir');
  const { owner, mode, refused } = directory;
  if (refused === 'EROFS')
    return fail(
      `${dataDir} is on a read-only file system`,
      'look for its fault in the log of the kernel (dmesg) and make it writable',
    );
  if (refused !== undefined)
    return fail(
      `user ${user} may not use ${dataDir}, which is user ${owner}'s (mode ${mode.toString(8)}, ${refused})`,
      `run this as user ${owner} or root, or give it to the user of the controller with chown -R`,
    );
  return { name, verdict: 'ok', message: `${dataDir} is there, user ${owner}'s, mode ${mode.toString(8)}` };
};
