// Judges whether what is kept stays within its bounds.

import type { Check, ServerFacts } from '@drover/api';
import { toSize } from '@drover/api';

/** Sweeps come every ten minutes to an hour: what is a little above its bound is about to go. */
const slack = 1.1;

const mebibyte = 1024 * 1024;

export const checkRetention = ({ store: { databaseBytes, kept, bounds } }: ServerFacts): Check => {
  const name = 'retention';
  const of = (what: string) => kept.find((one) => one.name === what);
  const over = [
    ...(bounds.audit.keepRows > 0 && (of('audit')?.count ?? 0) > bounds.audit.keepRows * slack
      ? ['audit']
      : []),
    ...((of('recordings')?.bytes ?? 0) > bounds.recordings.keepMebibytes * mebibyte * slack
      ? ['recordings']
      : []),
  ];
  if (over.length === 0)
    return {
      name,
      verdict: 'ok',
      message: `what is kept is within its bounds; the database has ${toSize(databaseBytes)}`,
    };
  return {
    name,
    verdict: 'warn',
    message: `more is kept than the RetentionPolicy says: ${over.join(', ')}`,
    remedy: 'look in controller.log for "cannot remove"; a backup that is being made keeps files meanwhile',
  };
};
