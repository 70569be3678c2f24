// Owns what every database must offer to the store's operations, which are written once for all of them.
// I1: statements run in the order in which they were asked for; a caller need not wait for one before it asks for the next.
// I2: SQL is the part that SQLite and PostgreSQL share: parameters are `?` or `?1`; CASE and not iif; text is compared by its
//     bytes; numbers are JavaScript numbers below 2^53.
// I3: columns are named, in what is asked and in what is put in: a newer program may have added some meanwhile (adr/0021).
import { ApiError } from '@drover/api/errors';

/** What a call is told when it cannot be carried out and nothing of it has been: the others of its batch go on. */
export class Refused extends ApiError {}

/** At its end a transaction was rolled back: nothing of it is stored. */
export class RolledBack extends Error {}

export type Value = string | number | Uint8Array | null;

export type Row = Readonly<Record<string, Value>>;

/** A row by position: cheap to send to the main thread. */
export type Tuple = readonly (string | number | null)[];

/** A database in this process answers at once, one beyond a network later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Of a table, as the database's statistics have it. */
export interface Estimate {
  readonly rows: number;
  /** With its indexes. */
  readonly bytes: number;
}

export interface Database {
  /** Whether other processes write to it too: what is remembered of it must be looked at anew in each transaction. */
  readonly isShared: boolean;
  readonly inTransaction: boolean;

  row(sql: string, ...values: readonly Value[]): Awaitable<Row | undefined>;
  rows(sql: string, ...values: readonly Value[]): Awaitable<readonly Row[]>;
  tuple(sql: string, ...values: readonly Value[]): Awaitable<Tuple | undefined>;
  tuples(sql: string, ...values: readonly Value[]): Awaitable<readonly Tuple[]>;
  /** Rows one after another: what is not asked for is not held in memory. */
  each(sql: string, ...values: readonly Value[]): Iterable<Row> | AsyncIterable<Row>;
  /** How many rows it changed. */
  run(sql: string, ...values: readonly Value[]): Awaitable<number>;

  /** Begins a transaction that may write. Nobody else's may until it ends. */
  begin(): Awaitable<void>;
  /** Begins one that only reads, and sees one moment. */
  beginRead(): Awaitable<void>;
  /** Everything in it is durable once this returns. @throws RolledBack */
  commit(): Awaitable<void>;
  /** Does nothing outside a transaction. */
  rollback(): Awaitable<void>;
  /** Wakes those who write to it too, once this transaction has been committed. */
  tellOthers(): Awaitable<void>;
  /** A point inside the transaction that can be returned to. */
  save(): Awaitable<void>;
  release(): Awaitable<void>;
  rollbackToSave(): Awaitable<void>;

  /** Number of the newest migration that has been applied. */
  schema(): Awaitable<number>;
  columns(table: string): Awaitable<readonly string[]>;
  /** SQL that tells how many bytes a row brings, without reading them. Not there: `each` reads no row before it is asked for. */
  rowSize?(table: string): Awaitable<string>;
  /** Of a table that is too large to be counted within the bound for an answer; undefined: it is not. */
  estimate(table: string): Awaitable<Estimate | undefined>;
  /** What its files take on the disk. */
  sizeBytes(): Awaitable<number>;
  /** Of them, what holds nothing and is written before they grow; 0 where that is not known. */
  freeBytes(): Awaitable<number>;
  /** Gives some of that back to the disk, in a step that nobody waits long for; returns how many bytes. */
  giveBackSome(): Awaitable<number>;
  /** After rows with numbers of their own were put into tables: what makes numbers goes on behind them. */
  renumber(): Awaitable<void>;
}

/** A database that was opened for one purpose. */
export interface OpenDatabase {
  readonly database: Database;
  close(): Awaitable<void>;
}
