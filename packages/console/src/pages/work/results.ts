// Owns the results of a piece of work as they arrive: one row a node, the newest; of transfers, how fast bytes go.
import type { ResultsEvent, Task } from '@drover/client';
import { client } from '../../api/client.ts';
import { type Followed, useFollowed } from '../../api/followed.ts';
import { nowMs } from '../../ui/clock.ts';
import { createSpeed } from './speed.ts';
import { referenceTo, type Work } from './work.ts';

export interface Results {
  readonly tasks: readonly Task[];
  /** By node, of those that move bytes. */
  readonly speeds: ReadonlyMap<string, number>;
}

/** How fast the bytes of each node go, as its tasks tell. */
const createSpeeds = () => {
  const measures = new Map<string, ReturnType<typeof createSpeed>>();
  const speeds = new Map<string, number>();
  return {
    speeds,
    add: ({ node, result, totalBytes, doneBytes }: Task): void => {
      if (result !== null || totalBytes === 0) {
        speeds.delete(node);
        return;
      }
      const measure = measures.get(node) ?? createSpeed();
      measures.set(node, measure);
      speeds.set(node, measure(doneBytes, nowMs()));
    },
  };
};

export const useResults = (work: Work): Followed<Results> =>
  useFollowed<ResultsEvent<Work>, Results>(`results ${work.metadata.uid}`, () => {
    const byNode = new Map<string, Task>();
    const { speeds, add } = createSpeeds();
    return {
      read: (signal) =>
        client.watchResults(referenceTo(work), { signal, giveUpMs: Number.POSITIVE_INFINITY }),
      add: (event) => {
        if (event.type !== 'TASK') return;
        byNode.set(event.task.node, event.task);
        add(event.task);
      },
      view: () => ({ tasks: [...byNode.values()].sort((a, b) => a.index - b.index), speeds }),
    };
  });
