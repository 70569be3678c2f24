// Owns how an empty database gets the rows of another store, while no controller is on it (holding.ts).
// I1: nothing is overwritten: it must hold no row of Drover, and no table of anybody else.
// I2: it has a mark before its first row and until its last: no controller opens it meanwhile (schema.ts I4), and who fills it next
//     takes away what a killed process left.
import { ApiError } from '@drover/api/errors';
import type { Client } from 'pg';
import { migrations } from '../migrations/index.ts';
import type { Database } from '../sql/database.ts';
import { withoutPassword } from './address.ts';
import { connect, moving } from './connect.ts';
import { PostgresDatabase } from './database.ts';
import { holdAlone } from './holding.ts';
import { apply, checkVersion, inTransaction, isMarked, markTable, ownTables, tablesOf } from './schema.ts';

export interface Filling {
  readonly database: Database;
  /** Makes the tables as they were after `schema` migrations. */
  begin(schema: number): Promise<void>;
  /** From here on it is a store like any other, durably. */
  finish(): Promise<void>;
  /** Leaves it as empty as it was. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

const connectMs = 30_000;

const anotherPlace =
  'name an empty database, or an empty schema of its own: postgres://.../database?options=-csearch_path%3Dschema';

const hasRows = async (client: Client, table: string): Promise<boolean> =>
  (await client.query(`SELECT 1 FROM ${table} LIMIT 1`)).rows.length > 0;

const firstWithRows = async (client: Client, tables: readonly string[]): Promise<string | undefined> => {
  for (const table of tables) if (await hasRows(client, table)) return table;
  return undefined;
};

/** I1. */
const checkFree = async (client: Client, refuse: (why: string) => ApiError): Promise<void> => {
  const found = await tablesOf(client);
  const foreign = found.filter((table) => !ownTables.has(table));
  if (foreign.length > 0)
    throw refuse(
      `it holds tables that are not Drover's (${foreign.slice(0, 3).join(', ')}); ${anotherPlace}`,
    );
  await checkVersion(client);
  const rows = found.filter((table) => table !== 'drover_schema');
  const full = await firstWithRows(client, rows);
  if (full !== undefined)
    throw refuse(
      `it holds the data of a controller (table ${full}), and nothing is overwritten; ${anotherPlace}`,
    );
};

const clear = async (client: Client): Promise<void> => {
  const tables = (await tablesOf(client)).filter((table) => ownTables.has(table));
  if (tables.length > 0) await client.query(`DROP TABLE ${tables.join(', ')}`);
};

const takeIt = async (client: Client, refuse: (why: string) => ApiError): Promise<void> => {
  const { rows } = await client.query<{ schema: string | null }>('SELECT current_schema() AS schema');
  if (rows[0]?.schema === null)
    throw refuse('the schema that its address names is not there; make it first: CREATE SCHEMA ...');
  const held = await holdAlone(client);
  if (held !== undefined) throw refuse(held);
  if (!(await isMarked(client))) await checkFree(client, refuse);
  // One commit at the end makes all before it durable.
  await client.query('SET synchronous_commit = off');
};

const lost = (): Promise<never> =>
  Promise.reject(
    new ApiError(
      'ServiceUnavailable',
      'cannot go on: the connection to the database was lost; give the same command again',
    ),
  );

const toFilling = (client: Client): Filling => {
  // Another connection would not have it alone.
  const database = new PostgresDatabase(client, lost);
  return {
    database,
    begin: (schema) =>
      inTransaction(client, async () => {
        await clear(client);
        await client.query(`CREATE TABLE ${markTable} (since TIMESTAMPTZ NOT NULL DEFAULT now())`);
        await apply(client, migrations.slice(0, schema));
      }),
    finish: async () => {
      await database.renumber();
      await inTransaction(client, async () => {
        await client.query('SET LOCAL synchronous_commit = on');
        await client.query(`DROP TABLE ${markTable}`);
      });
      for (const table of await tablesOf(client)) await client.query(`ANALYZE ${table}`);
    },
    abandon: async () => {
      await database.rollback();
      // Without a connection the mark stays there, and says enough.
      await inTransaction(client, () => clear(client)).catch(() => undefined);
    },
    close: () => database.close(),
  };
};

/** @throws ApiError saying why it may not be filled; nothing was changed then. */
export const openFilling = async (url: string): Promise<Filling> => {
  const refuse = (why: string): ApiError =>
    new ApiError('AlreadyExists', `cannot put data into ${withoutPassword(url)}: ${why}`);
  const client = await connect(url, connectMs, moving);
  try {
    await takeIt(client, refuse);
    return toFilling(client);
  } catch (error) {
    await client.end();
    throw error;
  }
};
