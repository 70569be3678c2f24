// The store's thread: the only place that touches the database of a running controller, as the writer, as a reader
// beside it, or as a reader that sees one moment for as long as it is open.
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type Call, type Reply, runBatch, runReads, toFailure } from './batch.ts';
import { createContext } from './context.ts';
import { openReader, openSnapshot, openWriter, scrub } from './database.ts';
import { readOperations, writeOperations } from './operations.ts';
import { snapshotOperations } from './snapshot.ts';

export interface WorkerOptions {
  readonly mode: 'write' | 'read' | 'snapshot';
  readonly dataDir: string;
  /** Before anything else, takes away what deleted and replaced rows have left in the files. */
  readonly scrub?: boolean;
}

/**
 * Messages to the thread: options open a data directory, batches of calls follow, and `close` ends with it. Then
 * another may be opened, or the thread is told to `end`.
 */
export type Request = WorkerOptions | readonly Call[] | 'close' | 'end';

/** Messages from the thread; `opened` or `refused` is the first of a data directory, `closed` the last. */
export type Answer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: ReturnType<typeof toFailure> }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'closed' };

interface Opened {
  run(calls: readonly Call[]): { readonly reply: Reply; readonly moved: ArrayBuffer[] };
  close(): void;
}

const modes = {
  write: { open: openWriter, run: runBatch, operations: writeOperations },
  read: { open: openReader, run: runReads, operations: readOperations },
  snapshot: { open: openSnapshot, run: runReads, operations: snapshotOperations },
} as const;

const open = (options: WorkerOptions): Opened => {
  const mode = modes[options.mode];
  const opened = mode.open(options.dataDir);
  if (options.scrub === true) scrub(opened.database);
  const context = createContext(opened.database);
  return {
    run: (calls) => {
      context.moved = [];
      const reply = mode.run(context, mode.operations, calls);
      return { reply, moved: context.moved };
    },
    close: () => opened.close(),
  };
};

const serve = (port: MessagePort): void => {
  let opened: Opened | undefined;
  const answer = (message: Answer, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const openOrRefuse = (options: WorkerOptions): void => {
    try {
      opened = open(options);
      answer({ kind: 'opened' });
    } catch (error) {
      answer({ kind: 'refused', failure: toFailure(error) });
    }
  };
  port.on('message', (request: Request) => {
    if (request === 'end') port.close();
    else if (request === 'close') {
      opened?.close();
      opened = undefined;
      answer({ kind: 'closed' });
    } else if ('mode' in request) openOrRefuse(request);
    else {
      if (opened === undefined) throw new Error('cannot run calls: no data directory is open');
      const { reply, moved } = opened.run(request);
      answer({ kind: 'reply', reply }, moved);
    }
  });
};

if (parentPort === null) throw new Error('cannot run the store: not in a worker thread');
serve(parentPort);
