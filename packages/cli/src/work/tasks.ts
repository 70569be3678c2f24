// Owns fetching all task rows of a work, page by page.
import type { Connection } from '../connection/connection.ts';
import type { ResultPage, TaskRow } from './rows.ts';

export const loadTasks = async (connection: Connection, path: string): Promise<readonly TaskRow[]> => {
  const items: TaskRow[] = [];
  let next: string | undefined;
  do {
    const page: ResultPage = await connection.json<ResultPage>({
      path: `${path}/results`,
      query: { limit: 1000, continue: next },
    });
    items.push(...page.items);
    next = page.continue === '' ? undefined : page.continue;
  } while (next !== undefined);
  return items;
};
