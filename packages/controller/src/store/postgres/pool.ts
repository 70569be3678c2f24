// Owns a few connections for bytes in bulk, beside those of the store's threads: what they write needs no turn among the
// transactions that do, and no number.
// I1: at most `maxConnections`; whoever comes then waits for one. They are made when they are needed and closed after `idleMs`.
// I2: a connection on which something failed is not used again, and none to a server that has been replaced.
import { ApiError } from '@drover/api/errors';
import { type Client, DatabaseError } from 'pg';
import { connect } from './connect.ts';
import { isReplaced } from './timeline.ts';

const maxConnections = 4;
const idleMs = 30_000;
const patienceMs = 15_000;

interface Idle {
  readonly client: Client;
  readonly timer: NodeJS.Timeout;
}

const toApiError = (error: unknown): unknown => {
  if (error instanceof ApiError) return error;
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DatabaseError)) {
    return new ApiError('ServiceUnavailable', `cannot use the database just now: ${why}`, undefined, error);
  }
  if (error.code === '53100')
    return new ApiError('InsufficientStorage', `cannot store: the disk of the database is full (${why})`);
  if (/^(08|57|25|40)/.test(error.code ?? ''))
    return new ApiError('ServiceUnavailable', `cannot use the database just now: ${why}`, undefined, error);
  return error;
};

export class Pool {
  readonly #url: string;
  readonly #idle: Idle[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #users = new Set<Promise<unknown>>();
  #inUse = 0;
  #isClosed = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Runs with a connection that nobody else uses meanwhile. @throws ApiError */
  use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const using = this.#use(work);
    this.#users.add(using);
    using.catch(() => undefined).finally(() => this.#users.delete(using));
    return using;
  }

  async #use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#take();
    try {
      const value = await work(client);
      this.#give(client);
      return value;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toApiError(error);
    } finally {
      this.#inUse -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #take(): Promise<Client> {
    while (this.#inUse >= maxConnections) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isClosed) throw new ApiError('ServiceUnavailable', 'cannot use the store: it is closed');
    this.#inUse += 1;
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      clearTimeout(idle.timer);
      if (!isReplaced(idle.client)) return idle.client;
      idle.client.end().catch(() => undefined);
    }
    try {
      const client = await connect(this.#url, patienceMs);
      client.once('end', () => this.#drop(client));
      return client;
    } catch (error) {
      this.#inUse -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #give(client: Client): void {
    this.#idle.push({ client, timer: setTimeout(() => this.#drop(client), idleMs).unref() });
  }

  #drop(client: Client): void {
    const at = this.#idle.findIndex((one) => one.client === client);
    if (at < 0) return;
    clearTimeout(this.#idle.splice(at, 1)[0]?.timer);
    client.end().catch(() => undefined);
  }

  /** Waits for those who use one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.allSettled(this.#users);
    for (const { client, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      await client.end().catch(() => undefined);
    }
  }
}
