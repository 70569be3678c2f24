// Owns kept files that are rows of the database, for all controllers that share it. They are read before the store opens, so
// they have connections of their own, each as short as one call.
// I1: a file is replaced in a turn of its own among the transactions that write, with a notice: so others have the new one before
//     anything that was made with it (sql/others.ts).
import { ApiError } from '@drover/api/errors';
import { type Client, DatabaseError } from 'pg';
import type { KeptFiles } from '../kept/kept-files.ts';
import { withoutPassword } from './address.ts';
import { connect } from './connect.ts';
import { channel, lock } from './database.ts';
import { makeKeptTable } from './schema.ts';

const startMs = 30_000;
const patienceMs = 15_000;

const leaveNotice = `INSERT INTO notice (seq, kind, name) SELECT coalesce(max(seq), 0) + 1, 'kept', $1 FROM notice`;

const toApiError = (error: unknown): unknown => {
  if (error instanceof ApiError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const reason = error instanceof DatabaseError ? 'InternalError' : 'ServiceUnavailable';
  return new ApiError(reason, `cannot use the keys in the database: ${why}`, undefined, error);
};

const within = async <T>(client: Client, work: () => Promise<T>): Promise<T> => {
  await client.query('BEGIN');
  const value = await work();
  await client.query('COMMIT');
  return value;
};

const put = async (client: Client, path: string, was: string | undefined, text: string): Promise<boolean> => {
  const { rowCount } =
    was === undefined
      ? await client.query('INSERT INTO kept_file (path, text) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          path,
          text,
        ])
      : await client.query('UPDATE kept_file SET text = $3 WHERE path = $1 AND text = $2', [path, was, text]);
  return rowCount === 1;
};

/** Makes the table when it is not there. @throws ApiError ServiceUnavailable when the database cannot be reached. */
export const openKeptRows = async (url: string): Promise<KeptFiles> => {
  const ask = async <T>(work: (client: Client) => Promise<T>, waitMs = patienceMs): Promise<T> => {
    const client = await connect(url, waitMs);
    try {
      return await work(client);
    } catch (error) {
      throw toApiError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await ask((client) => makeKeptTable(client), startMs);
  return {
    isShared: true,
    where: withoutPassword(url),
    nameOf: (path) => `${path} of the database`,
    prepare: async () => undefined,
    list: (folder) =>
      ask(async (client) => {
        const sql = 'SELECT path FROM kept_file WHERE starts_with(path, $1) ORDER BY path';
        const { rows } = await client.query<{ path: string }>(sql, [`${folder}/`]);
        return rows.map(({ path }) => path.slice(folder.length + 1));
      }),
    read: (path) =>
      ask(async (client) => {
        const sql = 'SELECT text FROM kept_file WHERE path = $1';
        return (await client.query<{ text: string }>(sql, [path])).rows[0]?.text;
      }),
    replace: (path, was, text) =>
      ask((client) =>
        within(client, async () => {
          await client.query(lock);
          if (!(await put(client, path, was, text))) return false;
          await client.query(leaveNotice, [path]);
          await client.query(`NOTIFY ${channel}`);
          return true;
        }),
      ),
  };
};
