// The store's thread: the only place that touches the database of a running controller, as the writer, as a reader
// beside it, or as a reader that sees one moment for as long as it is open.
// I1: what it is asked for is done in the order of the asking, one after another.
import { type MessagePort, parentPort } from 'node:worker_threads';
import { openPostgres } from '../postgres/open.ts';
import { openSqlite } from '../sqlite/files.ts';
import { type Call, type Reply, runBatch, toFailure } from './batch.ts';
import { createContext } from './context.ts';
import type { OpenDatabase } from './database.ts';
import { readOperations, writeOperations } from './operations.ts';
import { runReads } from './reads.ts';
import { snapshotOperations } from './snapshot.ts';

/** Where the rows are: in files of a data directory, or in a PostgreSQL database. */
export type Place = { readonly dataDir: string } | { readonly url: string };

export type Mode = 'write' | 'read' | 'snapshot';

export interface WorkerOptions {
  readonly mode: Mode;
  readonly place: Place;
  /** Before anything else, takes away what deleted and replaced rows have left in the files. */
  readonly scrub?: boolean;
}

/**
 * Messages to the thread: options open a place, batches of calls follow, and `close` ends with it. Then another may be
 * opened, or the thread is told to `end`.
 */
export type Request = WorkerOptions | readonly Call[] | 'close' | 'end';

/** Messages from the thread; `opened` or `refused` is the first of a place, `closed` the last. */
export type Answer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: ReturnType<typeof toFailure> }
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** Others have written: an empty batch brings what. */
  | { readonly kind: 'others' }
  | { readonly kind: 'closed' };

interface Opened {
  run(calls: readonly Call[]): Promise<{ readonly reply: Reply; readonly moved: ArrayBuffer[] }>;
  close: OpenDatabase['close'];
}

const modes = {
  write: { run: runBatch, operations: writeOperations },
  read: { run: runReads, operations: readOperations },
  snapshot: { run: runReads, operations: snapshotOperations },
} as const;

const open = async ({ mode, place, scrub = false }: WorkerOptions, onOthers: () => void): Promise<Opened> => {
  const { run, operations } = modes[mode];
  const { database, close } =
    'url' in place
      ? await openPostgres(place.url, mode, { onOthers })
      : openSqlite(place.dataDir, mode, scrub);
  const context = await createContext(database);
  return {
    run: async (calls) => {
      context.moved = [];
      const reply = await run(context, operations, calls);
      return { reply, moved: context.moved };
    },
    close,
  };
};

const serve = (port: MessagePort): void => {
  let opened: Opened | undefined;
  const answer = (message: Answer, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const openOrRefuse = async (options: WorkerOptions): Promise<void> => {
    try {
      opened = await open(options, () => answer({ kind: 'others' }));
      answer({ kind: 'opened' });
    } catch (error) {
      answer({ kind: 'refused', failure: toFailure(error) });
    }
  };
  const handle = async (request: Request): Promise<void> => {
    if (request === 'end') port.close();
    else if (request === 'close') {
      await opened?.close();
      opened = undefined;
      answer({ kind: 'closed' });
    } else if ('mode' in request) await openOrRefuse(request);
    else {
      if (opened === undefined) throw new Error('cannot run calls: no place is open');
      const { reply, moved } = await opened.run(request);
      answer({ kind: 'reply', reply }, moved);
    }
  };
  let last = Promise.resolve();
  port.on('message', (request: Request) => {
    // A failure ends the thread: nothing of it is expected.
    last = last.then(() => handle(request));
  });
};

if (parentPort === null) throw new Error('cannot run the store: not in a worker thread');
serve(parentPort);
