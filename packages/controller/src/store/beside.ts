// Owns where that is which lies beside the rows, content and recordings: in the data directory, or in the database that several
// controllers share.
import type { Log } from '../platform/log.ts';
import type { Bodies } from './content/bodies.ts';
import { openDirectory } from './content/directory.ts';
import { openRecordingFiles } from './recordings/directory.ts';
import type { RecordingStore } from './recordings/recordings.ts';
import type { Threads } from './threads.ts';

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;

interface Options {
  readonly dataDir: string;
  readonly url?: string | undefined;
  readonly threads: () => Threads;
  readonly log: Log;
  readonly reserveBytes?: number | undefined;
  readonly cacheBytes?: number | undefined;
  readonly contentBytes?: number | undefined;
}

export interface Beside {
  readonly bodies: Bodies;
  readonly recordings: RecordingStore;
  close(): Promise<void>;
}

const openFiles = async (dataDir: string, reserveBytes: number): Promise<Beside> => ({
  bodies: await openDirectory(dataDir, reserveBytes),
  recordings: await openRecordingFiles(dataDir),
  close: async () => undefined,
});

export const openBeside = async (options: Options): Promise<Beside> => {
  const { url, dataDir, threads, log, reserveBytes = 256 * mebibyte } = options;
  if (url === undefined) return openFiles(dataDir, reserveBytes);
  // Their driver is loaded for those who need it.
  const [{ Pool }, { Pieces }, { openShared }, { openSharedRecordings }] = await Promise.all([
    import('./postgres/pool.ts'),
    import('./postgres/pieces.ts'),
    import('./content/shared.ts'),
    import('./recordings/shared.ts'),
  ]);
  const pool = new Pool(url);
  const pieces = new Pieces(pool);
  const { cacheBytes = 10 * gibibyte, contentBytes = 1024 * gibibyte } = options;
  const bodies = openShared({ dataDir, threads, log, reserveBytes, pieces, cacheBytes, contentBytes });
  const recordings = openSharedRecordings({ pool, pieces, log });
  return {
    bodies,
    recordings,
    close: async () => {
      await recordings.close();
      await bodies.close();
      await pool.close();
    },
  };
};
