// Judges the room that is given up when the disk is full.

import type { Check, ServerFacts } from '@drover/api';
import { toSize } from '@drover/api';

export const checkReserve = ({ disk: { reserveBytes, state, directory } }: ServerFacts): Check => {
  const name = 'reserve';
  if (state !== 'ok' || reserveBytes > 0)
    return { name, verdict: 'ok', message: `${toSize(reserveBytes)} are kept for deletions on a full disk` };
  return {
    name,
    verdict: 'warn',
    message: 'no room is kept for deletions on a full disk',
    remedy: `make some room on the disk of ${directory} and start the controller again`,
  };
};
