// Judges the room on the disk of the data directory.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

/** What a start needs, and deletions after it (store/disk/). */
const leastBytes = 80 * 1024 * 1024;
const lowShare = 0.05;
const mebibyte = 1024 * 1024;

export const checkSpace = ({ dataDir, disk }: MachineFacts): Check => {
  const name = 'disk';
  if (disk === undefined) return { name, verdict: 'ok', message: 'there is none to look at' };
  const { freeBytes, totalBytes } = disk;
  const message = `${Math.floor(freeBytes / mebibyte)} of ${Math.floor(totalBytes / mebibyte)} MiB are free`;
  const remedy = `delete what is not needed on the disk of ${dataDir}, or give it more room`;
  if (freeBytes < leastBytes) return { name, verdict: 'fail', message: `it is full: ${message}`, remedy };
  if (freeBytes < totalBytes * lowShare) return { name, verdict: 'warn', message, remedy };
  return { name, verdict: 'ok', message };
};
