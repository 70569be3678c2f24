// Owns who may be at a database: controllers share it, and what moves its data (restore, store migrate) has it alone.
// I1: both are locks of a connection: the server takes them back however the process ends.
import { ApiError } from '@drover/api/errors';
import type { Client } from 'pg';

const key = "1146244952, hashtext(coalesce(current_schema(), ''))";

const tryLock = async (client: Client, name: string): Promise<boolean> => {
  const { rows } = await client.query<{ held: string }>(`SELECT ${name}(${key})::text AS held`);
  return rows[0]?.held === 'true';
};

/** For as long as the connection lasts. @throws ApiError ServiceUnavailable */
export const holdShared = async (client: Client): Promise<void> => {
  if (await tryLock(client, 'pg_try_advisory_lock_shared')) return;
  throw new ApiError(
    'ServiceUnavailable',
    'cannot open the database: its data are being moved (drover restore, drover store migrate); start again when that has ended',
  );
};

const holders = `SELECT l.mode, coalesce(host(a.client_addr), 'this machine') AS address
  FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND l.classid = 1146244952
  AND l.objid::bigint = (hashtext(current_schema())::bigint & 4294967295)`;

/** Undefined when it is held now, for as long as the connection lasts; else who is there. */
export const holdAlone = async (client: Client): Promise<string | undefined> => {
  if (await tryLock(client, 'pg_try_advisory_lock')) return undefined;
  const { rows } = await client.query<{ mode: string; address: string }>(holders);
  if (rows.some(({ mode }) => mode === 'ExclusiveLock'))
    return 'another restore or move is at it; let it end';
  const addresses = [...new Set(rows.map(({ address }) => address))].join(', ');
  return `controllers use it (from ${addresses}); stop them first`;
};
