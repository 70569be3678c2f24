// Owns how the database of controllers that were stopped is read: all of one moment, while none of them starts.
import { ApiError } from '@drover/api/errors';
import type { Client } from 'pg';
import type { OpenDatabase } from '../sql/database.ts';
import { withoutPassword } from './address.ts';
import { connect, moving } from './connect.ts';
import { PostgresDatabase } from './database.ts';
import { holdAlone } from './holding.ts';
import { checkVersion, checkWhole, tablesOf } from './schema.ts';

const connectMs = 30_000;

const check = async (client: Client, url: string): Promise<void> => {
  const refuse = (why: string): ApiError =>
    new ApiError('ServiceUnavailable', `cannot read ${withoutPassword(url)}: ${why}`);
  if (!(await tablesOf(client)).includes('drover_schema'))
    throw refuse('it holds no data of a controller; name another database, or schema');
  const held = await holdAlone(client);
  if (held !== undefined) throw refuse(held);
  await checkWhole(client);
  await checkVersion(client);
};

/** @throws ApiError ServiceUnavailable with one clear line. */
export const openStopped = async (url: string): Promise<OpenDatabase> => {
  const client = await connect(url, connectMs, moving);
  try {
    await check(client, url);
    // Another connection would neither have it alone nor see the same moment.
    const lost = new ApiError('ServiceUnavailable', 'the connection to the database was lost; try again');
    const database = new PostgresDatabase(client, () => Promise.reject(lost));
    await database.beginRead();
    return { database, close: () => database.close() };
  } catch (error) {
    await client.end();
    throw error;
  }
};
