// Owns the two threads of the store: the writer (group commit) and a reader beside it, so that long reads
// do not delay writes. A read that is called after a write was answered sees that write.
import type { Log } from '../platform/log.ts';
import { scopeOf } from './audit-scope.ts';
import { type CallOptions, type Channel, openChannel, type ThreadSource } from './channel.ts';
import type { Reply } from './sql/batch.ts';
import type { Others } from './sql/context.ts';
import type { ReadOperations, WriteOperations } from './sql/operations.ts';
import type { Place } from './sql/worker.ts';

export interface Threads {
  readonly write: Channel<WriteOperations>['call'];
  readonly read: Channel<ReadOperations>['call'];
  close(): Promise<void>;
}

/** What is called on behalf of an audited request takes its row along (audit-scope.ts). */
const audited = <R>(operation: string, options: CallOptions<R> = {}): CallOptions<R> => {
  const scope = scopeOf(operation);
  if (scope === undefined) return options;
  const onCommitted = (value: R): void => {
    // A link that was not there to be taken made no row.
    if (operation !== 'credentials.take' || value !== undefined) scope.rows += 1;
    options.onCommitted?.(value);
  };
  return { ...options, audit: scope.entry(), onCommitted };
};

export const openThreads = async (options: {
  readonly place: Place;
  /** See WorkerOptions. */
  readonly scrub?: boolean;
  /** See ChannelOptions. */
  readonly source?: ThreadSource | undefined;
  readonly log: Log;
  readonly onOthers: (others: Others) => void;
  readonly onCommit: (reply: Reply) => void;
  readonly onDeath: (error: unknown) => void;
}): Promise<Threads> => {
  const { place, source, log } = options;
  const onDeath = (err: unknown): void => {
    log.error({ err }, 'cannot go on: a store thread died; restart the controller');
    options.onDeath(err);
  };
  const writing = openChannel<WriteOperations>({
    worker: { mode: 'write', place, scrub: options.scrub === true },
    source,
    onOthers: options.onOthers,
    onReply: options.onCommit,
    onDeath,
  });
  // Both threads load at the same time; the writer makes the files that the reader opens.
  const reading = openChannel<ReadOperations>({
    worker: { mode: 'read', place },
    source,
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
    write: (operation, argument, callOptions) =>
      writer.call(operation, argument, audited(operation, callOptions)),
    read: (operation, argument, callOptions) => reader.call(operation, argument, callOptions),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
};
