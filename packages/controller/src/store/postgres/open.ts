// Owns how a PostgreSQL database is opened as the store of a controller.
import type { Client } from 'pg';
import type { OpenDatabase } from '../sql/database.ts';
import type { Mode } from '../sql/worker.ts';
import { connect, moving, serving } from './connect.ts';
import { PostgresDatabase } from './database.ts';
import { holdShared } from './holding.ts';
import { checkUsable } from './schema.ts';
import { upgrade } from './upgrade.ts';

/** How long calls wait for a database that is gone before they are refused: long enough for a standby to take over. */
const patienceMs = 15_000;
/** How long a start does. */
const startMs = 30_000;

/** A controller has one for as long as it runs (holding.ts), of a database that it may use: whatever happened meanwhile. */
const connectHeld = async (url: string, waitMs: number): Promise<Client> => {
  const client = await connect(url, waitMs);
  try {
    await holdShared(client);
    await checkUsable(client);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
};

/**
 * The writer brings the schema to that of this version, and hears `onOthers` whenever others may have written.
 * @throws ApiError ServiceUnavailable with one clear line, ApiError BadRequest for an address that cannot be used.
 */
export const openPostgres = async (
  url: string,
  mode: Mode,
  { onOthers }: { readonly onOthers?: () => void } = {},
): Promise<OpenDatabase> => {
  const connected = (waitMs: number): Promise<Client> =>
    mode === 'write'
      ? connectHeld(url, waitMs)
      : connect(url, waitMs, mode === 'snapshot' ? moving : serving);
  if (mode === 'write') await upgrade(url, startMs);
  const client = await connected(startMs);
  try {
    const hear = mode === 'write' ? onOthers : undefined;
    const again = (missedMs: number): Promise<Client> => connected(Math.max(0, patienceMs - missedMs));
    const database = new PostgresDatabase(client, again, hear);
    await database.listen();
    if (mode === 'snapshot') await database.beginRead();
    return { database, close: () => database.close() };
  } catch (error) {
    await client.end();
    throw error;
  }
};
