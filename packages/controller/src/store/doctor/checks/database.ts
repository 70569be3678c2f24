// Judges the database.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

const name = 'database';
const restore = 'restore the last backup into a new directory: drover restore';

export const checkDatabase = ({ database, dataDir }: MachineFacts): Check => {
  const fail = (message: string, remedy: string): Check => ({ name, verdict: 'fail', message, remedy });
  switch (database.kind) {
    case 'missing':
      return fail(`${dataDir} holds no drover.db`, `name the right directory, or ${restore}`);
    case 'elsewhere':
      return {
        name,
        verdict: 'warn',
        message: `${dataDir} holds no drover.db: its controller keeps the rows in a PostgreSQL database`,
        remedy: 'name it, as its controller is started with it: --store postgres://...',
      };
    case 'unreadable':
      return fail(`drover.db cannot be read: ${database.why}`, restore);
    case 'foreign':
      return fail('drover.db is not a database of Drover', 'name the right directory with --data-dir');
    case 'read':
      break;
    default:
      return database satisfies never;
  }
  const { schema, known, problems } = database;
  if (schema > known)
    return fail(
      `it was written by a newer version of Drover (schema ${schema}, this one knows up to ${known})`,
      'start that version, or restore a backup that was made by this one',
    );
  if (problems === undefined)
    return {
      name,
      verdict: 'ok',
      message: `schema ${schema}; a controller works on it, so its pages were not checked`,
    };
  if (problems.length > 0) return fail(`it is damaged: ${problems.join('; ')}`, restore);
  return { name, verdict: 'ok', message: `schema ${schema}, and its pages are whole` };
};
