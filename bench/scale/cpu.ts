// Owns what each part of the fleet takes of a processor: controllers, database, and the emulators apart.
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, familySeconds, threadSeconds } from '../process-figures.ts';
import type { Ground } from './ground.ts';

/** Seconds, of all processes of that part together. */
export interface Cpu {
  readonly first: number;
  readonly second: number;
  /** The thread of a controller in which everything but the store runs: the busier one's. */
  readonly mainThread: number;
  readonly database: number;
  readonly emulators: number;
}

/** Seconds of each that `run` took; of a controller that is killed meanwhile: 0. */
export const cpuOf = async (ground: Ground, run: () => Promise<unknown>): Promise<Cpu> => {
  const { controllers, first, second, fleets } = ground;
  const look = async () => {
    const of = (pid: number) => cpuSeconds(pid).catch(() => 0);
    const main = (pid: number) =>
      threadSeconds(pid).then(
        (threads) => threads.main,
        () => 0,
      );
    const emulators = await Promise.all(fleets.map(({ pid }) => of(pid)));
    return {
      first: await of(first.pid),
      second: await of(second.pid),
      mains: [await main(first.pid), await main(second.pid)],
      database: await familySeconds(controllers.databasePid),
      emulators: emulators.reduce((sum, each) => sum + each, 0),
    };
  };
  const before = await look();
  await run();
  const after = await look();
  return {
    first: Math.max(0, after.first - before.first),
    second: after.second - before.second,
    mainThread: Math.max(...after.mains.map((seconds, index) => seconds - (before.mains[index] ?? 0))),
    database: after.database - before.database,
    emulators: after.emulators - before.emulators,
  };
};

/** Of one processor: two samples that differ by less are the same. */
const sameShare = 0.03;

export interface Calm {
  readonly sampleSeconds: number;
  /** So long at most. */
  readonly atMostSeconds: number;
}

export interface Calmed {
  readonly seconds: number;
  /** Whether two samples were the same in time. */
  readonly isCalm: boolean;
}

/** Waits until controllers and database take the same of a processor in two samples, one after the other. */
export const untilCalm = async (ground: Ground, { sampleSeconds, atMostSeconds }: Calm): Promise<Calmed> => {
  const { signal } = ground.context;
  const pause = (): Promise<unknown> => delay(sampleSeconds * 1000, undefined, { signal });
  let before: Cpu | undefined;
  let isCalm = false;
  const begunAt = performance.now();
  const seconds = (): number => (performance.now() - begunAt) / 1000;
  while (!isCalm && seconds() + sampleSeconds <= atMostSeconds) {
    const last = before;
    const now = await cpuOf(ground, pause);
    const differs = (part: 'first' | 'second' | 'database'): boolean =>
      last === undefined || Math.abs(now[part] - last[part]) > sameShare * sampleSeconds;
    isCalm = !differs('first') && !differs('second') && !differs('database');
    before = now;
  }
  return { seconds: seconds(), isCalm };
};
