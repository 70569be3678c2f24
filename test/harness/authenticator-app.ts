// What an authenticator app does with the secret that it is given: codes of 30 s.
import { codeAt, stepOf } from '../../packages/controller/src/auth/people/totp.ts';
import { waitFor } from './wait.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `steps`: of 30 s, from `nowMs`. The one before is taken too, and a code only once: two sign-ins need not wait for a step. */
export const codeOf = (secret: string, steps = 0, nowMs = Date.now()): string => {
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return codeAt(key, stepOf(nowMs) + steps);
};

/** A code of the step before that is typed at the end of a step would arrive too late. */
export const untilStepIsYoung = (): Promise<boolean> =>
  waitFor('a step of codes that does not end soon', () => Date.now() % 30_000 < 18_000, 20_000);
