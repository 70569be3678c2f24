// Owns PostgreSQL as a database of the store (sql/database.ts): statements go down one connection without waiting for each
// other's answers, and are prepared by the server once for each connection.
// I1: one writing transaction at a time over all controllers, by an advisory lock that it holds until it has committed: so
//     revisions, changes and the audit chain grow in the order in which they can be seen.
// I2: a connection that broke is replaced when the next transaction begins, never within one.
// I3: a connection to a server that has been replaced since (timeline.ts) is as good as broken, in a transaction too.
// I4: the wait for a database that is away is counted from when it was first missed, not by each call: a request asks several times, one
//     after another, and must be refused within a bound all the same.
import type { Writable } from 'node:stream';
import { ApiError } from '@drover/api/errors';
import { type Client, DatabaseError, type QueryArrayResult, type QueryResult } from 'pg';
import {
  type Database,
  type Estimate,
  RolledBack,
  type Row,
  type Tuple,
  type Value,
} from '../sql/database.ts';
import { numbered, schemaOf } from './schema.ts';
import { estimateSql, toEstimate } from './sizes.ts';
import { isReplaced } from './timeline.ts';

type Values = readonly Value[];

const fetchRows = 128;
/** A network that swallows what is sent says nothing: the next look finds that nobody answers. */
const lookMs = 1_000;
/** The turn to write (I1). */
export const lock = 'SELECT pg_advisory_xact_lock(1146244950, hashtext(current_schema()))';

/** On which controllers wake each other; all that share the database, whatever their schemas. */
export const channel = 'drover';

/** `?` and `?1` as `$1`. */
const toDollars = (sql: string): string => {
  let count = 0;
  return sql.replaceAll(/\?(\d*)/g, (_, number: string) => `$${number === '' ? ++count : number}`);
};

/** Number of the server's process for the connection; the types of pg leave it out. */
const backendOf = (client: Client): number => Number((client as { processID?: unknown }).processID);

/** What the connection writes to; the types of pg leave it out. */
const socketOf = (client: Client): Writable | undefined =>
  (client as { connection?: { stream?: Writable } }).connection?.stream;

interface Statement {
  readonly name: string;
  readonly text: string;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Their size is in the row, also of those that lie beside the table; of others it is not worth asking. */
const sized = ['text', 'bytea'];
const fixedBytes = 8;

const diskFull = '53100';
const notText = '22021';
/** Connections that ended or cannot go on, and servers that are not (or not any more) what takes writes. */
const gone = /^(08|57P0|25006|25P03|55P03|57014)/;

const toApiError = (error: unknown): unknown => {
  if (error instanceof ApiError) return error;
  const code = error instanceof DatabaseError ? (error.code ?? '') : '08';
  const why = error instanceof Error ? error.message : String(error);
  if (code === diskFull)
    return new ApiError('InsufficientStorage', `cannot store: the disk of the database is full (${why})`);
  if (code === notText)
    return new ApiError('Invalid', 'cannot store: text must not hold the character U+0000');
  if (!gone.test(code)) return error;
  return new ApiError(
    'ServiceUnavailable',
    `cannot use the database just now: ${why}; whether the last change is stored is not known, read it again`,
    undefined,
    error,
  );
};

export class PostgresDatabase implements Database {
  readonly isShared = true;
  readonly #connect: (missedMs: number) => Promise<Client>;
  readonly #statements = new Map<string, Statement>();
  readonly #columns = new Map<string, readonly Column[]>();
  readonly #onOthers: (() => void) | undefined;
  #looks: NodeJS.Timeout | undefined;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #missedAt: number | undefined;
  #inTransaction = false;
  #isGathering = false;
  #cursors = 0;

  /** `connect` is told for how long it has been missed. */
  constructor(client: Client, connect: (missedMs: number) => Promise<Client>, onOthers?: () => void) {
    this.#connect = connect;
    this.#onOthers = onOthers;
    this.#use(client);
  }

  #use(client: Client): void {
    this.#client = client;
    client.once('end', () => this.#drop(client));
    client.on('error', () => this.#drop(client));
    const own = backendOf(client);
    client.on('notification', ({ processId }) => {
      if (processId !== own) this.#onOthers?.();
    });
  }

  /** Hears of what others write from now on. */
  async listen(): Promise<void> {
    if (this.#onOthers === undefined) return;
    await this.#exec(`LISTEN ${channel}`);
    this.#looks ??= setInterval(this.#onOthers, lookMs).unref();
  }

  #drop(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => undefined);
    this.#onOthers?.(); // nothing is heard until there is another
  }

  /** I2. */
  #ready(): Promise<Client> {
    this.#connecting ??= this.#reconnect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #reconnect(): Promise<Client> {
    this.#missedAt ??= performance.now();
    const client = await this.#connect(performance.now() - this.#missedAt); // I4
    this.#missedAt = undefined;
    if (this.#onOthers !== undefined) await client.query(`LISTEN ${channel}`);
    this.#use(client);
    this.#onOthers?.(); // what they said meanwhile was not heard
    return client;
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = { name: `s${this.#statements.size}`, text: toDollars(sql) };
    this.#statements.set(sql, made);
    return made;
  }

  /** What is asked for in one turn goes down in one piece: a call of the kernel for each statement costs more than the statement. */
  #gather(client: Client): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    const socket = socketOf(client);
    socket?.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      socket?.uncork();
    });
  }

  /** I3. */
  #leaveReplaced(): void {
    if (this.#client !== undefined && isReplaced(this.#client)) this.#drop(this.#client);
  }

  /** Asks on the connection that there is; what was begun on one that broke is not gone on with on another. */
  async #ask<R>(ask: (client: Client) => Promise<R>): Promise<R> {
    this.#leaveReplaced();
    if (this.#inTransaction && this.#client === undefined)
      throw toApiError(new Error('the connection was lost'));
    const client = this.#client ?? (await this.#ready());
    this.#gather(client);
    try {
      return await ask(client);
    } catch (error) {
      const told = toApiError(error);
      if (told instanceof ApiError && told.reason === 'ServiceUnavailable') this.#drop(client);
      throw told;
    }
  }

  #query(sql: string, values: Values): Promise<QueryResult<Record<string, Value>>> {
    const { name, text } = this.#statement(sql);
    return this.#ask((client) => client.query({ name, text, values: [...values] }));
  }

  #queryTuples(sql: string, values: Values): Promise<QueryArrayResult<(string | number | null)[]>> {
    const { name, text } = this.#statement(sql);
    return this.#ask((client) => client.query({ name, text, values: [...values], rowMode: 'array' }));
  }

  get inTransaction(): boolean {
    return this.#inTransaction && this.#client !== undefined;
  }

  async row(sql: string, ...values: Values): Promise<Row | undefined> {
    return (await this.#query(sql, values)).rows[0];
  }

  async rows(sql: string, ...values: Values): Promise<readonly Row[]> {
    return (await this.#query(sql, values)).rows;
  }

  async tuple(sql: string, ...values: Values): Promise<Tuple | undefined> {
    return (await this.#queryTuples(sql, values)).rows[0];
  }

  async tuples(sql: string, ...values: Values): Promise<readonly Tuple[]> {
    return (await this.#queryTuples(sql, values)).rows;
  }

  async run(sql: string, ...values: Values): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  /** Inside a transaction, through a cursor. */
  async *each(sql: string, ...values: Values): AsyncGenerator<Row> {
    this.#cursors += 1;
    const cursor = `c${this.#cursors}`;
    await this.#ask((client) =>
      client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${toDollars(sql)}`, [...values]),
    );
    try {
      for (;;) {
        const { rows } = await this.#ask((client) =>
          client.query<Record<string, Value>>(`FETCH ${fetchRows} FROM ${cursor}`),
        );
        yield* rows;
        if (rows.length < fetchRows) return;
      }
    } finally {
      if (this.inTransaction) await this.#exec(`CLOSE ${cursor}`);
    }
  }

  async #exec(sql: string): Promise<void> {
    await this.#ask((client) => client.query(sql));
  }

  async #begin(...statements: readonly string[]): Promise<void> {
    this.#leaveReplaced();
    if (this.#client === undefined) await this.#ready();
    this.#inTransaction = true;
    await Promise.all(statements.map((sql) => this.#exec(sql)));
  }

  /** I1. */
  begin(): Promise<void> {
    return this.#begin('BEGIN', lock);
  }

  beginRead(): Promise<void> {
    return this.#begin('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  }

  async commit(): Promise<void> {
    const ended = this.#ask((client) => client.query('COMMIT'));
    const { command } = await ended;
    this.#inTransaction = false;
    // The server ends a transaction of which a statement has failed, and calls it no error.
    if (command !== 'COMMIT') throw new RolledBack('cannot store: the transaction was rolled back');
  }

  async rollback(): Promise<void> {
    const ended = this.inTransaction ? this.#exec('ROLLBACK') : undefined;
    this.#inTransaction = false;
    await ended?.catch(() => undefined);
  }

  tellOthers(): Promise<void> {
    return this.#exec(`NOTIFY ${channel}`);
  }

  save(): Promise<void> {
    return this.#exec('SAVEPOINT one');
  }

  release(): Promise<void> {
    return this.#exec('RELEASE SAVEPOINT one');
  }

  async rollbackToSave(): Promise<void> {
    await this.#exec('ROLLBACK TO SAVEPOINT one');
    await this.#exec('RELEASE SAVEPOINT one');
  }

  schema(): Promise<number> {
    return this.#ask(schemaOf);
  }

  async #columnsOf(table: string): Promise<readonly Column[]> {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const rows = await this.rows(
      `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()
       AND table_name = ? ORDER BY ordinal_position`,
      table,
    );
    const found = rows.map((row) => ({ name: String(row['column_name']), type: String(row['data_type']) }));
    this.#columns.set(table, found);
    return found;
  }

  async columns(table: string): Promise<readonly string[]> {
    return (await this.#columnsOf(table)).map(({ name }) => name);
  }

  async rowSize(table: string): Promise<string> {
    const columns = await this.#columnsOf(table);
    const sizes = columns.map(({ name, type }) =>
      sized.includes(type) ? `coalesce(octet_length(${table}."${name}"), 0)` : `${fixedBytes}`,
    );
    return sizes.join(' + ');
  }

  async estimate(table: string): Promise<Estimate | undefined> {
    return toEstimate(await this.tuple(estimateSql, table));
  }

  async sizeBytes(): Promise<number> {
    const size = `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'`;
    return Number((await this.tuple(size))?.[0]);
  }

  freeBytes(): number {
    return 0;
  }

  /** Its own vacuum does that. */
  giveBackSome(): number {
    return 0;
  }

  async renumber(): Promise<void> {
    for (const table of numbered)
      await this.run(
        `SELECT setval(pg_get_serial_sequence('${table}', 'seq'), coalesce((SELECT max(seq) FROM ${table}), 0) + 1, false)`,
      );
  }

  async close(): Promise<void> {
    clearInterval(this.#looks);
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }
}
