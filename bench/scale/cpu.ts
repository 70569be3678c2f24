// Owns what each part of the fleet takes of a processor: controllers, database, and the emulators apart.
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
