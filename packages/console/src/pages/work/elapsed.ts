// Owns how long something took, for people.
import { humanDuration } from '@drover/api/duration';

/** '42ms', '1.4s', '12s', '3m12s'. */
export const elapsed = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : humanDuration(ms);
};

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** '512 B', '1.5 KiB'. */
export const sizeOf = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
};
