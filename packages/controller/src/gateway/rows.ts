// Owns looking up many tasks by id without keeping everybody else waiting: ids come from agents, in any number.
import type { TaskRow, TaskStore } from '../store/store.ts';

const atATime = 100;

/** The row of each id, or undefined where there is none. */
export const loadTasks = async (
  tasks: Pick<TaskStore, 'get'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TaskRow | undefined>> => {
  const rows = new Map<string, TaskRow | undefined>();
  for (let at = 0; at < ids.length; at += atATime) {
    const some = ids.slice(at, at + atATime);
    const found = await Promise.all(some.map((id) => tasks.get(id)));
    for (const [index, id] of some.entries()) rows.set(id, found[index]);
  }
  return rows;
};
