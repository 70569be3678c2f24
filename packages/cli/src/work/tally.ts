// Owns the running count of a work's tasks as a client sees them.
import { foldNodeSet } from '@drover/api/node-set';
import type { Task, Work } from '@drover/client';
import { isLive, isSuccess, toEnding } from './rows.ts';

export interface Tally {
  readonly add: (task: Task) => void;
  readonly tasks: () => readonly Task[];
  readonly task: (node: string) => Task | undefined;
  readonly counts: () => {
    readonly ok: number;
    readonly failed: number;
    readonly running: number;
    readonly total: number;
  };
  readonly bytes: () => { readonly done: number; readonly total: number };
}

export const createTally = (): Tally => {
  const byNode = new Map<string, Task>();
  const counts = { ok: 0, failed: 0, running: 0 };
  const bytes = { done: 0, total: 0 };
  const count = (task: Task, by: 1 | -1) => {
    if (isSuccess(task)) counts.ok += by;
    else if (!isLive(task.state)) counts.failed += by;
    else if (task.state === 'running' || task.state === 'sent') counts.running += by;
    bytes.done += by * task.doneBytes;
    bytes.total += by * task.totalBytes;
  };
  return {
    add: (task) => {
      const before = byNode.get(task.node);
      if (before !== undefined) count(before, -1);
      byNode.set(task.node, task);
      count(task, 1);
    },
    tasks: () => [...byNode.values()],
    task: (node) => byNode.get(node),
    counts: () => ({ ...counts, total: byNode.size }),
    bytes: () => ({ ...bytes }),
  };
};

export interface Ending {
  readonly words: string;
  readonly nodeSet: string;
  readonly count: number;
  readonly isSuccess: boolean;
}

const wordsOf = (task: Task): string => {
  if (isLive(task.state)) return task.message === '' ? task.state : `${task.state}: ${task.message}`;
  const { exitCode = 0, signal = 0, reason = '' } = task.result ?? {};
  const ending = toEnding({ state: task.state, exitCode, signal });
  const why = reason === '' ? task.message : reason;
  return why === '' || isSuccess(task) ? ending : `${ending}: ${why}`;
};

/** Nodes grouped by how they ended, most frequent first, successes last. */
export const toEndings = (tasks: readonly Task[]): readonly Ending[] => {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const words = wordsOf(task);
    const group = groups.get(words);
    if (group === undefined) groups.set(words, [task]);
    else group.push(task);
  }
  return [...groups]
    .map(([words, group]) => ({
      words,
      nodeSet: foldNodeSet(group.map((task) => task.node)),
      count: group.length,
      isSuccess: group.every(isSuccess),
    }))
    .sort((a, b) => Number(a.isSuccess) - Number(b.isSuccess) || b.count - a.count);
};

const countWords: readonly (readonly [string, string])[] = [
  ['succeeded', 'ok'],
  ['failed', 'failed'],
  ['signalled', 'signalled'],
  ['timedOut', 'timed out'],
  ['cancelled', 'cancelled'],
  ['unreachable', 'unreachable'],
  ['neverStarted', 'never started'],
  ['lost', 'lost'],
  ['running', 'running'],
  ['queued', 'queued'],
  ['waiting', 'waiting'],
];

/** '20 nodes: 18 ok, 1 failed, 1 unreachable' */
export const toSummary = (work: Work): string => {
  const counts: Readonly<Record<string, number>> = work.status?.counts ?? {};
  const total = counts['total'] ?? 0;
  const parts = countWords.flatMap(([field, word]) =>
    (counts[field] ?? 0) > 0 ? [`${counts[field]} ${word}`] : [],
  );
  return `${total} node${total === 1 ? '' : 's'}: ${parts.join(', ') || 'nothing to do'}`;
};
