// Owns the two threads of the store: the writer (group commit) and a reader beside it, so that long reads
// do not delay writes. A read that is called after a write was answered sees that write.
import type { Log } from '../platform/log.ts';
import { type Channel, openChannel } from './channel.ts';
import type { Reply } from './sqlite/batch.ts';
import type { ReadOperations, WriteOperations } from './sqlite/operations.ts';

export interface Threads {
  readonly write: Channel<WriteOperations>['call'];
  readonly read: Channel<ReadOperations>['call'];
  close(): Promise<void>;
}

export const openThreads = async (options: {
  readonly dataDir: string;
  /** See WorkerOptions. */
  readonly scrub?: boolean;
  readonly log: Log;
  readonly onCommit: (reply: Reply) => void;
  readonly onDeath: (error: unknown) => void;
}): Promise<Threads> => {
  const { dataDir, log } = options;
  const onDeath = (err: unknown): void => {
    log.error({ err }, 'cannot go on: a store thread died; restart the controller');
    options.onDeath(err);
  };
  const writing = openChannel<WriteOperations>({
    worker: { mode: 'write', dataDir, scrub: options.scrub === true },
    onReply: options.onCommit,
    onDeath,
  });
  // Both threads load at the same time; the writer makes the files that the reader opens.
  const reading = openChannel<ReadOperations>({
    worker: { mode: 'read', dataDir },
    after: writing,
    onReply: () => undefined,
    onDeath,
  });
  const reader = await reading.catch(async (error: unknown) => {
    await (await writing).close();
    throw error;
  });
  const writer = await writing;
  return {
    write: (operation, argument, callOptions) => writer.call(operation, argument, callOptions),
    read: (operation, argument, callOptions) => reader.call(operation, argument, callOptions),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
};
