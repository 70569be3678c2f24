// Owns which place the bytes of content have.
import type { Log } from '../../platform/log.ts';
import type { Threads } from '../threads.ts';
import type { Bodies } from './bodies.ts';
import { openDirectory } from './directory.ts';

const gibibyte = 1024 ** 3;

interface Options {
  readonly dataDir: string;
  readonly url?: string | undefined;
  readonly threads: () => Threads;
  readonly log: Log;
  readonly reserveBytes: number;
  readonly cacheBytes?: number | undefined;
  readonly contentBytes?: number | undefined;
}

/** In the database, where there is one: several controllers have the same content. */
export const openBodies = async (options: Options): Promise<Bodies> => {
  const { url, dataDir, threads, log, reserveBytes } = options;
  if (url === undefined) return openDirectory(dataDir, reserveBytes);
  const [{ Pool }, { Pieces }, { openShared }] = await Promise.all([
    import('../postgres/pool.ts'),
    import('../postgres/pieces.ts'),
    import('./shared.ts'),
  ]);
  const pool = new Pool(url);
  const bodies = openShared({
    ...{ dataDir, threads, log, reserveBytes, pieces: new Pieces(pool) },
    cacheBytes: options.cacheBytes ?? 10 * gibibyte,
    contentBytes: options.contentBytes ?? 1024 * gibibyte,
  });
  return {
    ...bodies,
    close: async () => {
      await bodies.close();
      await pool.close();
    },
  };
};
