// Owns how a database gets the schema of this program while controllers of the version before serve from it (adr/0021).
// I1: one program at a time; who comes meanwhile waits.
// I2: what expands is done beside those who serve: tables and columns in one short transaction, which gives way rather than have them
//     wait behind it, and indexes without keeping anybody from writing. Each step can be done again: who is killed in between is
//     followed by the next start, and the database says that it is further only once all is there.
// I3: what contracts is done in one transaction, while no controller is on the database (holding.ts).
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import { type Client, DatabaseError } from 'pg';
import { isExpanding, isIndex, statementsOf } from '../migrations/expanding.ts';
import { migrations } from '../migrations/index.ts';
import { connect, moving } from './connect.ts';
import { lock as writersTurn } from './database.ts';
import { holdAlone, holdShared } from './holding.ts';
import { apply, checkUsable, checkWhole, inTransaction, note, shared, toPostgres } from './schema.ts';

const retryMs = 200;
/** How long a start waits for others: for one that upgrades, or for a backup that reads what gets a column. */
const patienceMs = 900_000;

const lockTimedOut = '55P03';

/** Tries until it is true. */
const until = async (attempt: () => Promise<boolean>, what: string): Promise<void> => {
  const endMs = performance.now() + patienceMs;
  while (!(await attempt())) {
    if (performance.now() > endMs)
      throw new ApiError('ServiceUnavailable', `cannot upgrade the database: ${what}; start again later`);
    await delay(retryMs);
  }
};

/** I1. By asking again and again: who waits inside a statement would keep an index from being finished. */
const takeTurn = (client: Client): Promise<void> =>
  until(async () => {
    const sql = `SELECT pg_try_advisory_lock(1146244953, hashtext(coalesce(current_schema(), '')))::text AS held`;
    return (await client.query<{ held: string }>(sql)).rows[0]?.held === 'true';
  }, 'another controller has been upgrading it for 15 minutes');

/** In words that may be said again. */
const repeatable = (statement: string): string =>
  statement
    .replace('CREATE TABLE ', 'CREATE TABLE IF NOT EXISTS ')
    .replace(' ADD COLUMN ', ' ADD COLUMN IF NOT EXISTS ');

const widen = (client: Client, statements: readonly string[]): Promise<void> =>
  inTransaction(client, async () => {
    // Who asks for a table that is read waits, and all who come later wait behind.
    await client.query("SET LOCAL lock_timeout = '1s'");
    await client.query(writersTurn);
    for (const statement of statements) await client.query(repeatable(statement));
    await client.query(shared);
  });

const tryToWiden = async (client: Client, statements: readonly string[]): Promise<boolean> => {
  try {
    await widen(client, statements);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === lockTimedOut) return false;
    throw error;
  }
};

/** One that was broken off is there, and of no use. */
const buildIndex = async (client: Client, statement: string): Promise<void> => {
  const name = /^CREATE INDEX (\w+)/.exec(statement)?.[1] ?? '';
  const { rows } = await client.query<{ valid: string }>(
    `SELECT indisvalid::text AS valid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relname = $1 AND relnamespace = current_schema()::regnamespace`,
    [name],
  );
  if (rows[0]?.valid === 'true') return;
  await client.query('SET lock_timeout = 0'); // for it nobody waits
  if (rows.length > 0) await client.query(`DROP INDEX CONCURRENTLY ${name}`);
  await client.query(statement.replace('CREATE INDEX', 'CREATE INDEX CONCURRENTLY'));
};

/** I2. */
const expand = async (
  client: Client,
  steps: readonly string[],
  missing: readonly string[],
): Promise<void> => {
  await holdShared(client);
  const statements = missing.map(toPostgres).flatMap(statementsOf);
  const widening = statements.filter((one) => !isIndex(one));
  await until(
    () => tryToWiden(client, widening),
    'a backup or another program has used its tables for 15 minutes',
  );
  for (const index of statements.filter(isIndex)) await buildIndex(client, index);
  await inTransaction(client, () => note(client, steps));
};

/** Where the controllers are that have told so, and of which version; the newest row of each Lease. */
const members = `SELECT value FROM object_log WHERE type <> 'deleted' AND revision IN
  (SELECT max(revision) FROM object_log WHERE resource = 'leases.coordination.k8s.io' AND namespace = 'drover-system'
   AND starts_with(name, 'controller-') GROUP BY name) ORDER BY name`;

const annotation = (value: string, name: string): string | undefined => {
  const { metadata } = JSON.parse(value) as {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  }; // of our own Leases
  return metadata.annotations?.[`drover.dev/${name}`];
};

const tellMembers = async (client: Client): Promise<string> => {
  const { rows } = await client.query<{ value: string }>(members);
  const told = rows.map(({ value }) => {
    const address = annotation(value, 'address');
    return address && `${annotation(value, 'version') ?? 'an older version'} at ${address}`;
  });
  return told.filter((one) => one !== undefined).join(', ');
};

/** I3. */
const contract = async (client: Client, steps: readonly string[]): Promise<void> => {
  const held = await holdAlone(client);
  if (held === undefined) return inTransaction(client, () => apply(client, steps));
  const known = await tellMembers(client);
  throw new ApiError(
    'ServiceUnavailable',
    `cannot upgrade the database: this version changes what programs of the version before need, and ${held}${known === '' ? '' : ` (${known})`}; have all of them stop (drover server drain), then start this one`,
  );
};

const upgradeBy = async (client: Client, steps: readonly string[]): Promise<void> => {
  await takeTurn(client);
  await checkWhole(client);
  const version = await checkUsable(client);
  const missing = steps.slice(version);
  if (missing.length === 0) return;
  if (version > 0 && !missing.every(isExpanding)) await contract(client, steps);
  else if (version > 0) await expand(client, steps, missing);
  else {
    await holdShared(client);
    await inTransaction(client, () => apply(client, steps));
  }
};

/**
 * Brings the schema to that of this program (`steps`: to another one), unless it is further.
 * @throws ApiError ServiceUnavailable: it is newer, not whole, or programs of an older version are in the way.
 */
export const upgrade = async (url: string, waitMs: number, steps = migrations): Promise<void> => {
  // Of its own: building an index may take longer than anybody waits for an answer.
  const client = await connect(url, waitMs, moving);
  try {
    await upgradeBy(client, steps);
  } finally {
    await client.end();
  }
};
