// Judges how old the last backup is.
import type { Check, ServerFacts } from '@drover/api';
import { toSpan } from '../words.ts';

const name = 'last backup';
/** After this even a weekly one is late. */
const oldSeconds = 8 * 86_400;
/** What a backup may take before the next is seen to be missing. */
const lateMs = 3_600_000;

export const checkBackup = ({ backups, measuredAt }: ServerFacts): Check => {
  const { byClock, lastAt, ageSeconds = 0, nextAt, lastFailure } = backups;
  if (!byClock)
    return {
      name,
      verdict: 'warn',
      message: 'no backups are made by the clock',
      remedy: 'start the controller with --backup-dir (docs/user/backup.md)',
    };
  if (lastFailure !== undefined && lastFailure.at > (lastAt ?? ''))
    return {
      name,
      verdict: 'fail',
      message: `the one of ${lastFailure.at} failed: ${lastFailure.message}`,
      remedy: 'mend what it says; it is tried again by itself',
    };
  if (lastAt === undefined)
    return { name, verdict: 'warn', message: `none was made yet; the first is due ${nextAt ?? ''}` };
  const message = `made ${lastAt}, ${toSpan(ageSeconds)} ago`;
  const isLate = nextAt !== undefined && Date.parse(nextAt) < Date.parse(measuredAt) - lateMs;
  if (ageSeconds > oldSeconds || isLate)
    return { name, verdict: 'warn', message, remedy: 'make one more often: --backup-schedule' };
  return { name, verdict: 'ok', message };
};
