// Owns following one run or transfer to its end: task by task, and its output in order of arrival.
// I1: it ends only when the server said END and, if output is followed, the log was complete after that.
// I2: nothing is given twice: both streams resume from a cursor after a cut.
import type { Connection } from '../connection/connection.ts';
import { resumeLines } from '../connection/resume.ts';
import type { LogEntry, ResultEvent, TaskRow, Work } from './rows.ts';

export interface Follow {
  readonly connection: Connection;
  /** Path of the object. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly onTask: (task: TaskRow) => void;
  readonly onStatus: (work: Work) => void;
  /** Absent: the log is not followed. */
  readonly onOutput?: (entry: LogEntry) => void;
  /** True when the connection was cut, false when it is back. */
  readonly onCut?: (cut: boolean) => void;
}

interface Progress {
  ended: boolean;
  cuts: number;
}

const followResults = async (follow: Follow, progress: Progress): Promise<void> => {
  let cursor = 0;
  const events = resumeLines<ResultEvent>({
    open: () =>
      follow.connection.lines<ResultEvent>({
        path: `${follow.path}/results`,
        query: { watch: 1, cursor },
        signal: follow.signal,
      }),
    isOver: () => progress.ended,
    onCut: () => {
      progress.cuts += 1;
      follow.onCut?.(true);
    },
    signal: follow.signal,
  });
  for await (const event of events) {
    follow.onCut?.(false);
    if (event.type === 'TASK') {
      cursor = Math.max(cursor, event.task.change);
      follow.onTask(event.task);
    } else if (event.type === 'STATUS') follow.onStatus(event.object);
    else progress.ended = true;
    if (progress.ended) return;
  }
};

const followLog = async (
  follow: Follow,
  onOutput: (entry: LogEntry) => void,
  progress: Progress,
  results: Promise<void>,
): Promise<void> => {
  let cursor = 0;
  let cutsAtOpen = 0;
  for (let complete = false; !complete; ) {
    const entries = resumeLines<LogEntry>({
      open: () => {
        cutsAtOpen = progress.cuts;
        return follow.connection.lines<LogEntry>({
          path: `${follow.path}/log`,
          query: { follow: 1, cursor },
          signal: follow.signal,
        });
      },
      isOver: () => true,
      onCut: () => undefined,
      signal: follow.signal,
    });
    for await (const entry of entries) {
      if (entry.cursor <= cursor) continue;
      cursor = entry.cursor;
      onOutput(entry);
    }
    // A log that ended although the results were cut meanwhile may have been cut as well: ask once more after END.
    await results;
    complete = progress.cuts === cutsAtOpen;
  }
};

/** Resolves when the work is final and everything was handed over. */
export const followWork = async (follow: Follow): Promise<void> => {
  const progress: Progress = { ended: false, cuts: 0 };
  const results = followResults(follow, progress);
  const log = follow.onOutput ? followLog(follow, follow.onOutput, progress, results) : undefined;
  await Promise.all([results, log]);
};
