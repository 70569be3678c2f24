// Owns the main-thread side of tasks and their output.
import type { TaskState } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Reply } from './sql/batch.ts';
import type { Others } from './sql/context.ts';
import type { PackedChunk, PackedReport } from './sql/output.ts';
import type { OutputRow, TaskRow, TaskSpec, TaskStore } from './store.ts';
import { toTaskRow } from './task-rows.ts';
import type { Threads } from './threads.ts';

type Report = Parameters<TaskStore['report']>[0];

/** All chunks in one buffer that is moved to the thread: views of a socket's buffer would be copied whole. */
const pack = (report: Report): PackedReport & { readonly buffer: ArrayBuffer } => {
  const sizeBytes = report.output.reduce((sum, chunk) => sum + chunk.data.length, 0);
  const buffer = new ArrayBuffer(sizeBytes);
  const bytes = new Uint8Array(buffer);
  let end = 0;
  const place = (chunk: OutputRow): PackedChunk => {
    const from = end;
    bytes.set(chunk.data, from);
    end += chunk.data.length;
    return {
      taskId: chunk.taskId,
      stream: chunk.stream,
      offset: chunk.offset,
      timeMs: chunk.timeMs,
      from,
      to: end,
    };
  };
  return { ...report, output: report.output.map(place), bytes, buffer };
};

type Writing = Pick<
  TaskStore,
  | 'insert'
  | 'release'
  | 'markSent'
  | 'requeue'
  | 'markStarted'
  | 'setProgress'
  | 'setMessage'
  | 'finish'
  | 'requestCancel'
  | 'report'
  | 'remove'
>;

/** Takes away the output of a removed work in short transactions. */
const removeOutput = async (threads: Threads, seq: number): Promise<void> => {
  while (!(await threads.write('output.removeSome', seq)));
};

const writing = (threads: () => Threads, controller: string): Writing => ({
  insert: (work, spec, tasks) =>
    threads().write('tasks.insert', { work, spec: JSON.stringify(spec), tasks: [...tasks] }),
  release: (ids) => threads().write('tasks.release', ids),
  markSent: (ids, journalId, nowMs) =>
    threads().write('tasks.markSent', { ids, journalId, nowMs, controller }),
  requeue: (ids, nowMs) => threads().write('tasks.requeue', { ids, nowMs, controller }),
  markStarted: (started) => threads().write('tasks.markStarted', started),
  setProgress: (progress) => threads().write('tasks.setProgress', progress),
  setMessage: (ids, message) => threads().write('tasks.setMessage', { ids, message }),
  finish: (tasks, onlyFrom) => threads().write('tasks.finish', { tasks, onlyFrom }),
  requestCancel: (work, nowMs) => threads().write('tasks.requestCancel', { work, nowMs }),
  report: (report) => {
    const { buffer, ...packed } = pack(report);
    return threads().write('tasks.report', packed, { moved: buffer });
  },
  remove: async (work) => {
    const seq = await threads().write('tasks.remove', work);
    if (seq !== undefined) await removeOutput(threads(), seq);
  },
});

type Reading = Pick<
  TaskStore,
  'spec' | 'list' | 'get' | 'ofNode' | 'counts' | 'output' | 'outputOfWork' | 'fold'
>;

const reading = (threads: () => Threads): Reading => ({
  spec: async (work) => {
    const json = await threads().read('tasks.spec', work);
    // Written by `insert` from a TaskSpec.
    return json === undefined ? undefined : (JSON.parse(json) as TaskSpec);
  },
  list: async (filter) => (await threads().read('tasks.list', filter)).map(toTaskRow),
  get: async (id) => {
    const tuple = await threads().read('tasks.get', id);
    return tuple && toTaskRow(tuple);
  },
  ofNode: async (node, limit) => (await threads().read('tasks.ofNode', { node, limit })).map(toTaskRow),
  counts: (work) => threads().read('tasks.counts', work),
  output: (query) => threads().read('output.task', { ...query, stream: query.stream }),
  outputOfWork: (query) => threads().read('output.work', query),
  fold: async (work) =>
    (await threads().read('output.fold', work)).map((group) => ({
      ...group,
      state: group.state as TaskState,
    })),
});

export interface TaskFace {
  readonly store: TaskStore;
  /** Tells what the batch that was just committed changed. */
  flush(reply: Reply): void;
  /** Tells what other controllers have committed. */
  tellOthers(others: Pick<Others, 'tasks' | 'output'>): void;
  /** Ends removals that a stop of the process cut short. */
  resume(): Promise<void>;
}

export const createTasks = (deps: {
  readonly threads: () => Threads;
  readonly log: Log;
  /** Id of this controller. */
  readonly controller: string;
}): TaskFace => {
  const changes = createListeners<readonly TaskRow[]>(deps.log);
  const output = createListeners<readonly { readonly work: string; readonly taskId: string }[]>(deps.log);
  const tell = (chunks: Reply['output'], tasks: Reply['tasks']): void => {
    if (chunks.length > 0) output.tell(chunks.map(([taskId, work]) => ({ work, taskId })));
    if (tasks.length > 0) changes.tell(tasks.map(toTaskRow));
  };
  return {
    store: {
      ...writing(deps.threads, deps.controller),
      ...reading(deps.threads),
      onChange: (listener) => changes.add(listener),
      onOutput: (listener) => output.add(listener),
    },
    flush: (reply) => tell(reply.output, reply.tasks),
    tellOthers: (others) => tell([...others.output], [...others.tasks.values()]),
    resume: async () => {
      for (const seq of await deps.threads().read('tasks.halfRemoved', undefined)) {
        await removeOutput(deps.threads(), seq);
      }
    },
  };
};
