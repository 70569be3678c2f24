// The store's thread: the only place that touches the database, as the writer or as a reader beside it.
import { parentPort, workerData } from 'node:worker_threads';
import { type Call, type Reply, runBatch, runReads, toFailure } from './batch.ts';
import { createContext } from './context.ts';
import { openReader, openWriter } from './database.ts';
import { readOperations, writeOperations } from './operations.ts';

export interface WorkerOptions {
  readonly mode: 'write' | 'read';
  readonly dataDir: string;
}

/** Messages to the thread: a batch of calls, or null to close. */
export type Request = readonly Call[] | null;

/** Messages from the thread; `opened` is the first, `closed` the last. */
export type Answer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: ReturnType<typeof toFailure> }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'closed' };

const run = (options: WorkerOptions): void => {
  const port = parentPort;
  if (port === null) throw new Error('cannot run the store: not in a worker thread');
  const answer = (message: Answer, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const writes = options.mode === 'write';
  const opened = (writes ? openWriter : openReader)(options.dataDir);
  const context = createContext(opened.database);
  port.on('message', (request: Request) => {
    if (request === null) {
      opened.close();
      answer({ kind: 'closed' });
      port.close();
      return;
    }
    context.moved = [];
    const reply = writes
      ? runBatch(context, writeOperations, request)
      : runReads(context, readOperations, request);
    answer({ kind: 'reply', reply }, context.moved);
  });
  answer({ kind: 'opened' });
};

try {
  run(workerData as WorkerOptions);
} catch (error) {
  parentPort?.postMessage({ kind: 'refused', failure: toFailure(error) } satisfies Answer);
}
