// Owns a connection to the server that takes writes, of those that were named; of several that do, to the one that was promoted last.
// I1: a server that does not answer is given up after a bound: after it others are tried, and calls are refused. Nobody waits for ever.
// I2: what a controller holds in the database while it is frozen or cut off is taken from it by the server, after a bound.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { parseAddress } from './address.ts';
import { isReplaced, noteTimeline, timelineQuery } from './timeline.ts';

const connectMs = 2_000;
const retryMs = 200;
/** With one that takes writes: how long the others have to say that they do, too. */
const othersMs = 1_000;

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

/** What a server is without that is no PostgreSQL, or does not let everybody ask: no such function, no right to it. */
const hasNoTimeline = (error: unknown): boolean =>
  error instanceof DatabaseError && /^(0A|42|55)/.test(error.code ?? '');

/** @throws Error when it has been replaced. */
const checkTimeline = async (client: Client): Promise<void> => {
  try {
    const { rows } = await client.query<{ cluster: string; file: string }>(timelineQuery);
    if (rows[0] !== undefined) noteTimeline(client, rows[0]);
  } catch (error) {
    if (!hasNoTimeline(error)) throw error;
  }
  if (isReplaced(client)) throw new Error(replaced);
};

const replaced = 'another has been promoted in its place; end it, and have it come back as a standby';

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
    await checkTimeline(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
};

const leave = (client: Client): void => void client.end().catch(() => undefined);

type Outcome = Client | { readonly failure: unknown };

/** What becomes of each, in their order; undefined: with another that takes writes it was not waited for any longer. */
const askAll = async (
  servers: readonly ClientConfig[],
  bounds: Bounds,
): Promise<readonly (Outcome | undefined)[]> => {
  const outcomes = servers.map((): Outcome | undefined => undefined);
  let isOver = false;
  const found = Promise.withResolvers<void>();
  const asking = servers.map(async (server, index) => {
    try {
      const client = await connectTo(server, bounds);
      if (isOver) return leave(client);
      outcomes[index] = client;
      found.resolve();
    } catch (failure) {
      outcomes[index] = { failure };
    }
  });
  const late = found.promise.then(() => delay(othersMs, undefined, { ref: false }));
  await Promise.race([Promise.all(asking), late]);
  isOver = true;
  return [...outcomes];
};

const toError = ({ host, port = 5432 }: ClientConfig, outcome: Outcome | undefined): Error =>
  new Error(`${host}:${port}: ${outcome && 'failure' in outcome ? reasonOf(outcome.failure) : replaced}`);

/** The first that takes writes, and was not replaced by another of them. */
const connectToAny = async (servers: readonly ClientConfig[], bounds: Bounds): Promise<Client> => {
  const outcomes = await askAll(servers, bounds);
  const clients = outcomes.filter((one) => one instanceof Client);
  const best = clients.find((one) => !isReplaced(one));
  for (const one of clients) if (one !== best) leave(one);
  if (best !== undefined) return best;
  for (const one of outcomes) if (one && 'failure' in one && isFinal(one.failure)) throw one.failure;
  throw new AggregateError(servers.map((server, index) => toError(server, outcomes[index])));
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
