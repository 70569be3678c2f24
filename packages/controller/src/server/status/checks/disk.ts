// Judges the disk of the data directory.

import type { Check, ServerFacts } from '@drover/api';
import { toSize } from '@drover/api';

const lowBytes = 1024 ** 3;
const lowShare = 0.05;
const remedy = (directory: string): string =>
  `delete old runs, recordings or content, or give the disk of ${directory} more room`;

export const checkDisk = ({ disk }: ServerFacts): Check => {
  const { directory, state, freeBytes, totalBytes, freeInodes, inodes } = disk;
  const name = 'disk';
  if (state === 'full')
    return {
      name,
      verdict: 'fail',
      message: `${directory} is full: only deletions are taken`,
      remedy: remedy(directory),
    };
  if (state !== 'ok')
    return {
      name,
      verdict: 'fail',
      message: `${directory} cannot be written (${state}: ${disk.why ?? ''}): only reads are answered`,
      remedy: 'look for its fault in the log of the kernel (dmesg) and make it writable',
    };
  const message = `${toSize(freeBytes)} of ${toSize(totalBytes)} are free`;
  if (freeBytes < lowBytes || freeBytes < totalBytes * lowShare)
    return { name, verdict: 'warn', message, remedy: remedy(directory) };
  if (inodes > 0 && freeInodes < inodes * lowShare)
    return {
      name,
      verdict: 'warn',
      message: `${freeInodes} of ${inodes} inodes are free`,
      remedy: remedy(directory),
    };
  return { name, verdict: 'ok', message };
};
