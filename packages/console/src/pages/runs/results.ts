// Owns the results of a run as they arrive: one row a node, the newest.
import type { CommandRun } from '@drover/api';
import type { ResultsEvent, Task } from '@drover/client';
import { client } from '../../api/client.ts';
import { type Followed, useFollowed } from '../../api/followed.ts';
import { referenceTo } from './run.ts';

export const useResults = (run: CommandRun): Followed<readonly Task[]> =>
  useFollowed<ResultsEvent<CommandRun>, readonly Task[]>(`results ${run.metadata.uid}`, () => {
    const byNode = new Map<string, Task>();
    return {
      read: (signal) => client.watchResults(referenceTo(run), { signal, giveUpMs: Number.POSITIVE_INFINITY }),
      add: (event) => {
        if (event.type === 'TASK') byNode.set(event.task.node, event.task);
      },
      view: () => [...byNode.values()].sort((a, b) => a.index - b.index),
    };
  });
