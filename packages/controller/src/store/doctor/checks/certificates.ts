// Judges whether the certificates of the controller have ended.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const remedies = {
  authority: 'set up a new controller and let the servers join it: the authority cannot be made longer',
  server: 'start the controller again: it makes itself a new one',
} as const;

export const checkEnds = ({ certificates, nowMs }: MachineFacts): Check => {
  const name = 'certificates';
  const ended = certificates.find(({ notAfterMs }) => notAfterMs <= nowMs);
  if (ended !== undefined)
    return {
      name,
      verdict: 'fail',
      message: `that of the ${ended.of} expired on ${day(ended.notAfterMs)}`,
      remedy: remedies[ended.of],
    };
  const ends = certificates.map(({ of, notAfterMs }) => `${of} until ${day(notAfterMs)}`);
  return { name, verdict: 'ok', message: ends.length === 0 ? 'none are known' : `good: ${ends.join(', ')}` };
};
