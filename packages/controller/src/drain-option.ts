// Owns how a start says in which way the controller is to stop.
import { ApiError } from '@drover/api';
import type { DrainTimes } from './platform/drain.ts';

export const drainUsage = `  --shutdown-delay SECONDS
                      before it stops, everything is served this long while /readyz says no, so that a load balancer goes
                      elsewhere (default 0: there is none)
  --drain-timeout SECONDS
                      how long what is under way may take after that (default 25)`;

export const drainFlags = {
  'shutdown-delay': { type: 'string', default: '0' },
  'drain-timeout': { type: 'string', default: '25' },
} as const;

type Name = keyof typeof drainFlags;

const longestSeconds = 3_600;

const parseSeconds = (text: string, option: Name): number => {
  const seconds = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= longestSeconds) return Math.round(seconds * 1_000);
  const wanted = `a number of seconds from 0 to ${longestSeconds}`;
  throw new ApiError('BadRequest', `cannot start: --${option} must be ${wanted}, not "${text}"`);
};

/** @throws ApiError BadRequest naming the option. */
export const takeDrainTimes = (values: Readonly<Record<Name, string>>): DrainTimes => ({
  delayMs: parseSeconds(values['shutdown-delay'], 'shutdown-delay'),
  timeoutMs: parseSeconds(values['drain-timeout'], 'drain-timeout'),
});
