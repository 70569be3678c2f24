// Judges the room on the disk of the data directory.
import type { Check } from '@drover/api';
import { roomBytes } from '../../disk/reserve.ts';
import type { MachineFacts } from '../facts.ts';

const lowShare = 0.05;
const mebibyte = 1024 * 1024;

export const checkSpace = ({ dataDir, disk }: MachineFacts): Check => {
  const name = 'disk';
  if (disk === undefined) return { name, verdict: 'ok', message: 'there is none to look at' };
  const { freeBytes, totalBytes, reserveBytes } = disk;
  const message = `${Math.floor(freeBytes / mebibyte)} of ${Math.floor(totalBytes / mebibyte)} MiB are free`;
  const remedy = `delete what is not needed on the disk of ${dataDir}, or give it more room`;
  if (freeBytes + reserveBytes < roomBytes)
    return { name, verdict: 'fail', message: `it is full: ${message}`, remedy };
  if (freeBytes < totalBytes * lowShare) return { name, verdict: 'warn', message, remedy };
  return { name, verdict: 'ok', message };
};
