// Owns following one run or transfer to its end: task by task, and its output in order of arrival.
// I1: it ends only when the server said END and, if output is followed, the log was read to its end after that.
// I2: nothing is given twice: both streams go on from a cursor, also over streams that a server ended politely.
import { setTimeout as sleep } from 'node:timers/promises';
import { finalTaskStates } from '@drover/api/task-states';
import type { Client, LogChunk, Task, Work, WorkReference } from '@drover/client';

export interface Follow {
  readonly client: Client;
  readonly work: WorkReference;
  readonly signal: AbortSignal;
  /** Only how tasks end is told, not what they go through until then. */
  readonly endsOnly: boolean;
  readonly onTask: (task: Task) => void;
  readonly onStatus: (work: Work) => void;
  /** Absent: the log is not followed. */
  readonly onOutput?: (chunk: LogChunk) => void;
}

/** A server that stops ends its streams without END: ask again after this. */
const againMs = 300;

const followResults = async (follow: Follow): Promise<void> => {
  const { client, work, signal, endsOnly } = follow;
  const filter = endsOnly ? { states: finalTaskStates } : {};
  for (let cursor = 0; ; await sleep(againMs, undefined, { signal }))
    for await (const event of client.watchResults(work, { ...filter, cursor, signal })) {
      if (event.type === 'END') return;
      if (event.type === 'STATUS') follow.onStatus(event.object);
      else {
        cursor = Math.max(cursor, event.task.change);
        follow.onTask(event.task);
      }
    }
};

const followLog = async (
  { client, work, signal }: Follow,
  onOutput: (chunk: LogChunk) => void,
  results: Promise<void>,
): Promise<void> => {
  let cursor = 0;
  const read = async (live: boolean): Promise<void> => {
    for await (const chunk of client.log(work, { cursor, follow: live, signal })) {
      if (chunk.cursor <= cursor) continue;
      cursor = chunk.cursor;
      onOutput(chunk);
    }
  };
  await read(true);
  await results;
  // The live stream may have been ended by a server that stopped: what came after it is read here.
  await read(false);
};

/** Resolves when the work is final and everything was handed over. */
export const followWork = async (follow: Follow): Promise<void> => {
  const results = followResults(follow);
  const log = follow.onOutput ? followLog(follow, follow.onOutput, results) : undefined;
  await Promise.all([results, log]);
};
