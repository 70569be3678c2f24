// Reads and changes the rows of a controller beside it, as somebody could who has its disk, or its database.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import type { ControllerProcess } from './controller.ts';

type Kept = Pick<ControllerProcess, 'dataDir' | 'storeUrl'>;

const withDatabase = async <T>(url: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  return use(client).finally(() => client.end());
};

/** Of a controller that is stopped, where they are in a file. */
export const changeRows = async ({ dataDir, storeUrl }: Kept, sql: string): Promise<void> => {
  if (storeUrl !== undefined) return withDatabase(storeUrl, async (client) => void (await client.query(sql)));
  const database = new DatabaseSync(join(dataDir, 'drover.db'));
  database.exec(sql);
  database.close();
};

/** What a statement with one number comes to. */
export const numberInDatabase = (url: string, sql: string): Promise<number> =>
  withDatabase(url, async (client) => Number(Object.values((await client.query(sql)).rows[0] ?? {})[0]));

/** Table → its rows as text, in which bytes that are letters can be read. Empty where the rows are files of the data directory. */
export const rowsInDatabase = async ({ storeUrl }: Kept): Promise<Readonly<Record<string, string>>> => {
  if (storeUrl === undefined) return {};
  return withDatabase(storeUrl, async (client) => {
    await client.query("SET bytea_output = 'escape'");
    const tables = await client.query<{ name: string }>(
      'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1',
    );
    const texts: Record<string, string> = {};
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t ORDER BY 1`);
      texts[name] = rows.map(({ row }) => row).join('\n');
    }
    return texts;
  });
};
