// Owns what is looked at of a PostgreSQL database when its controllers do not answer (facts.ts I1).
// I1: nothing is changed, and nobody waits for us: all is read in one transaction that may only read, and takes no lock of Drover's.
import type { Client, ClientConfig } from 'pg';
import type { KeptFiles } from '../kept/kept-files.ts';
import { parseAddress, withoutPassword } from '../postgres/address.ts';
import { logIn } from '../postgres/connect.ts';
import { formOf, isMarked, tablesOf } from '../postgres/schema.ts';
import { keyringPath } from '../sealing/keyring-file.ts';

/** Why a server cannot be asked: the code of the system, of TLS or of PostgreSQL, and its words. */
export interface Unreachable {
  readonly address: string;
  readonly kind: 'unreachable';
  readonly code: string;
  readonly why: string;
}

export interface Standby {
  readonly address: string;
  readonly kind: 'standby';
}

export interface Holder {
  readonly address: string;
  readonly pid: number;
  /** Alone: it moves the data; shared: a controller; turn: it writes just now. */
  readonly has: 'alone' | 'shared' | 'turn';
  /** Since it began what it is at. */
  readonly seconds: number;
}

export interface Primary {
  readonly address: string;
  readonly kind: 'primary';
  /** E.g. 150004. */
  readonly version: number;
  /** Undefined: the schema that the address names is not there. */
  readonly schemaName: string | undefined;
  /** How many migrations it has seen, and how many a program must know; undefined: it holds no data of a controller. */
  readonly form: { readonly version: number; readonly oldest: number } | undefined;
  readonly isFilling: boolean;
  readonly holders: readonly Holder[];
  /** Text of the keyring. */
  readonly keyring: string | undefined;
  readonly serverNotAfterMs: number | undefined;
}

export type ServerFact = Unreachable | Standby | Primary;

const turns = { 1146244950: 'turn', 1146244952: 'shared' } as const;

const holders = `SELECT l.classid::bigint AS class, l.mode, a.pid, coalesce(host(a.client_addr), 'this machine') AS address,
  extract(epoch FROM now() - coalesce(CASE l.classid WHEN 1146244950 THEN a.xact_start END, a.backend_start))::bigint AS seconds
  FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
  AND l.classid IN (${Object.keys(turns).join(', ')})
  AND l.objid::bigint = (hashtext(current_schema())::bigint & 4294967295) ORDER BY seconds DESC`;

const readHolders = async (client: Client): Promise<readonly Holder[]> => {
  const { rows } = await client.query<Omit<Holder, 'has'> & { class: number; mode: string }>(holders);
  return rows.map(({ class: of, mode, pid, address, seconds }) => ({
    ...{ pid, address, seconds },
    has: of === 1146244950 ? 'turn' : mode === 'ExclusiveLock' ? 'alone' : 'shared',
  }));
};

const readText = async (client: Client, tables: readonly string[]): Promise<string | undefined> => {
  if (!tables.includes('kept_file')) return undefined;
  const sql = 'SELECT text FROM kept_file WHERE path = $1';
  return (await client.query<{ text: string }>(sql, [keyringPath])).rows[0]?.text;
};

const readEnd = async (client: Client, tables: readonly string[]): Promise<number | undefined> => {
  if (!tables.includes('certificate')) return undefined;
  const sql = `SELECT max(not_after_ms) AS end_ms FROM certificate WHERE subject = 'server' AND revoked_at_ms = 0`;
  return (await client.query<{ end_ms: number | null }>(sql)).rows[0]?.end_ms ?? undefined;
};

const readPrimary = async (client: Client, address: string, version: number): Promise<Primary> => {
  const { rows } = await client.query<{ name: string | null }>('SELECT current_schema() AS name');
  const tables = await tablesOf(client);
  const form = await formOf(client);
  return {
    ...{ address, kind: 'primary', version },
    schemaName: rows[0]?.name ?? undefined,
    form: form.version === 0 ? undefined : form,
    isFilling: await isMarked(client),
    holders: await readHolders(client),
    keyring: await readText(client, tables),
    serverNotAfterMs: await readEnd(client, tables),
  };
};

const readServer = async (server: ClientConfig, address: string): Promise<ServerFact> => {
  const client = await logIn(server);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ version: number; standby: string }>(
      "SELECT current_setting('server_version_num')::bigint AS version, pg_is_in_recovery()::text AS standby",
    );
    if (rows[0]?.standby === 'true') return { address, kind: 'standby' };
    return await readPrimary(client, address, rows[0]?.version ?? 0);
  } finally {
    await client.end().catch(() => undefined);
  }
};

const toUnreachable = (error: unknown, address: string): Unreachable => {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return { address, kind: 'unreachable', code, why: first instanceof Error ? first.message : String(first) };
};

/** Each of the servers that the address names, in its order. */
export const readServers = (url: string): Promise<readonly ServerFact[]> =>
  Promise.all(
    parseAddress(url).map((server) => {
      const address = `${server.host}:${server.port ?? 5432}`;
      return readServer(server, address).catch((error: unknown) => toUnreachable(error, address));
    }),
  );

/** The keys that were read, and nothing else. */
export const keptIn = ({ keyring }: Pick<Primary, 'keyring'>, url: string): KeptFiles => ({
  isShared: true,
  where: withoutPassword(url),
  nameOf: (path) => `${path} of the database`,
  prepare: async () => undefined,
  list: async () => [],
  read: async (path) => (path === keyringPath ? keyring : undefined),
  replace: async () => false,
});
