// Owns a connection to the server that takes writes, of those that were named.
// I1: a server that does not answer is given up after a bound: after it others are tried, and calls are refused. Nobody waits for ever.
// I2: what a controller holds in the database while it is frozen or cut off is taken from it by the server, after a bound.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { parseAddress } from './address.ts';

const connectMs = 2_000;
const retryMs = 200;

/** How long an answer may take, and how long a transaction may stand still before the server ends it. */
export interface Bounds {
  readonly answerMs: number;
  readonly idleMs: number;
}

/** Others wait for it. */
export const serving: Bounds = { answerMs: 6_000, idleMs: 3_000 };
/** Nobody waits for it: it reads everything, or puts it there, at the pace of a disk. */
export const moving: Bounds = { answerMs: 600_000, idleMs: 3_600_000 };

/** Numbers are numbers: what the store counts stays below 2^53. */
const toNumber = [20, 21, 23, 700, 701, 1700];

const types: ClientConfig['types'] = {
  getTypeParser: (oid: number) => {
    if (toNumber.includes(oid)) return Number;
    if (oid === 17) return (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    return (text: string) => text;
  },
};

const settings = ({ answerMs, idleMs }: Bounds): string =>
  `SET lock_timeout = ${answerMs - 2_000}; SET idle_in_transaction_session_timeout = ${idleMs};
   SET synchronous_commit = on; SET standard_conforming_strings = on`;

const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
};

/** What waiting does not mend: a wrong password, no such database, no right to it. */
const isFinal = (error: unknown): boolean =>
  error instanceof DatabaseError && (/^(28|3D|42)/.test(error.code ?? '') || error.code === '3F000');

/** Whatever the server is. */
export const logIn = async (server: ClientConfig, bounds = serving): Promise<Client> => {
  const client = new Client({
    application_name: 'drover',
    ...server,
    types,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: connectMs,
    query_timeout: bounds.answerMs,
  } as ClientConfig);
  // What is under way is told by its own failure.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const connectTo = async (server: ClientConfig, bounds: Bounds): Promise<Client> => {
  const client = await logIn(server, bounds);
  try {
    await client.query(settings(bounds));
    const { rows } = await client.query<{ standby: string }>('SELECT pg_is_in_recovery()::text AS standby');
    if (rows[0]?.standby === 'true') throw new Error('it is a standby, which takes no writes');
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
};

/** The first that takes writes. */
const connectToAny = async (servers: readonly ClientConfig[], bounds: Bounds): Promise<Client> => {
  const failures: unknown[] = [];
  for (const server of servers) {
    try {
      return await connectTo(server, bounds);
    } catch (error) {
      if (isFinal(error)) throw error;
      failures.push(new Error(`${server.host}:${server.port ?? 5432}: ${reasonOf(error)}`));
    }
  }
  throw new AggregateError(failures);
};

/** Tries for `patienceMs`: a server that restarts, or a standby that takes over, is there again in a while. @throws ApiError ServiceUnavailable */
export const connect = async (url: string, patienceMs: number, bounds = serving): Promise<Client> => {
  const servers = parseAddress(url);
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await connectToAny(servers, bounds);
    } catch (error) {
      if (!isFinal(error) && performance.now() + retryMs < until) await delay(retryMs);
      else
        throw new ApiError(
          'ServiceUnavailable',
          `cannot reach the database: ${reasonOf(error)}`,
          undefined,
          error,
        );
    }
  }
};
