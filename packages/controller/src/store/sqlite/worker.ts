// The store's thread: the only place that touches the database, as the writer or as a reader beside it.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Call, type Reply, runBatch, runReads, toFailure } from './batch.ts';
import { createContext } from './context.ts';
import { openReader, openWriter, scrub } from './database.ts';
import { readOperations, writeOperations } from './operations.ts';

export interface WorkerOptions {
  readonly mode: 'write' | 'read';
  readonly dataDir: string;
  /** Before anything else, takes away what deleted and replaced rows have left in the files. */
  readonly scrub?: boolean;
}

/** Messages to the thread: `open` is the first, `close` the last, batches of calls are between. */
export type Request = 'open' | readonly Call[] | 'close';

/** Messages from the thread; `opened` or `refused` is the first, `closed` the last. */
export type Answer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: ReturnType<typeof toFailure> }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'closed' };

const open = (port: MessagePort, options: WorkerOptions): void => {
  const answer = (message: Answer, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const writes = options.mode === 'write';
  const opened = (writes ? openWriter : openReader)(options.dataDir);
  if (options.scrub === true) scrub(opened.database);
  const context = createContext(opened.database);
  port.on('message', (request: readonly Call[] | 'close') => {
    if (request === 'close') {
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

const run = (port: MessagePort | null): void => {
  if (port === null) throw new Error('cannot run the store: not in a worker thread');
  port.once('message', (_open: Request) => {
    try {
      open(port, workerData as WorkerOptions);
    } catch (error) {
      port.postMessage({ kind: 'refused', failure: toFailure(error) } satisfies Answer);
    }
  });
};

run(parentPort);
