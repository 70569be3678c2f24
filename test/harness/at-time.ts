// Owns programs that run at another time: Debian's libfaketime tells them one that is as far from the real one as asked.
// I1: the distance is from the machine's clock as it is, also when the tests themselves are told another.
// I2: files keep the times that they really have, and what waits waits as long: only the time of day is another.
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';

const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');

/** What is missing to run programs at another time; undefined: nothing. */
export const missingForTime = (): string | undefined => (library === undefined ? 'faketime' : undefined);

export interface AtTime {
  /** For programs that are to run at it, beside the variables that they have. */
  readonly env: Readonly<Record<string, string>>;
  /** What they take for now. */
  nowMs(): number;
}

const realNowMs = (): number => {
  const { LD_PRELOAD: _, ...env } = process.env;
  return 1000 * Number(execFileSync('date', ['+%s'], { env, encoding: 'utf8' }));
};

/** A time that goes on from `startMs` (UTC, ms), the same for all programs. */
export const atTime = (startMs: number): AtTime => {
  if (library === undefined) throw new Error('cannot run programs at another time: install faketime');
  const seconds = Math.round((startMs - realNowMs()) / 1000);
  const asideMs = startMs - Date.now();
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME: seconds < 0 ? `${seconds}` : `+${seconds}`,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    nowMs: () => Date.now() + asideMs,
  };
};
