// Owns how a PostgreSQL database is opened as the store of a controller.
import type { OpenDatabase } from '../sql/database.ts';
import type { Mode } from '../sql/worker.ts';
import { connect } from './connect.ts';
import { PostgresDatabase } from './database.ts';
import { migrate } from './schema.ts';

/** How long calls wait for a database that is gone before they are refused. */
const patienceMs = 15_000;
/** How long a start does. */
const startMs = 30_000;

/**
 * The writer brings the schema to that of this version (`upTo`: to an older one, for rows of then), and hears `onOthers`
 * whenever others may have written.
 * @throws ApiError ServiceUnavailable with one clear line, ApiError BadRequest for an address that cannot be used.
 */
export const openPostgres = async (
  url: string,
  mode: Mode,
  { upTo, onOthers }: { readonly upTo?: number; readonly onOthers?: () => void } = {},
): Promise<OpenDatabase> => {
  const client = await connect(url, startMs);
  try {
    if (mode === 'write') await migrate(client, upTo);
    const hear = mode === 'write' ? onOthers : undefined;
    const database = new PostgresDatabase(client, () => connect(url, patienceMs), hear);
    await database.listen();
    if (mode === 'snapshot') await database.beginRead();
    return { database, close: () => database.close() };
  } catch (error) {
    await client.end();
    throw error;
  }
};
