// Owns what requests take of the processors, by whose they are.
import { threadSeconds } from '../process-figures.ts';

/** Milliseconds of a processor for each request. */
export interface CpuShares {
  readonly main: number;
  /** The store's threads, and V8's helpers. */
  readonly others: number;
  /** The clients, which are this process. */
  readonly client: number;
}

/** Runs `count` requests to the process. */
export const withCpu = async <T>(
  pid: number,
  count: number,
  run: () => Promise<T>,
): Promise<readonly [T, CpuShares]> => {
  const before = await threadSeconds(pid);
  const clientBefore = process.cpuUsage();
  const result = await run();
  const after = await threadSeconds(pid);
  const client = process.cpuUsage(clientBefore);
  const each = (seconds: number): number => (seconds * 1000) / count;
  return [
    result,
    {
      main: each(after.main - before.main),
      others: each(after.others - before.others),
      client: each((client.user + client.system) / 1_000_000),
    },
  ];
};
