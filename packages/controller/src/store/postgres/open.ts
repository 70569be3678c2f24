import type { OpenDatabase } from '../sql/database.ts';
import type { Mode } from '../sql/worker.ts';

export const openPostgres = async (_url: string, _mode: Mode): Promise<OpenDatabase> => {
  throw new Error('not yet');
};
