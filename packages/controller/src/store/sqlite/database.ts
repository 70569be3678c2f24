// Owns SQLite as a database of the store: statements are prepared once, and answered in the same breath.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Database, Row, Tuple, Value } from '../sql/database.ts';
import { giveBackSome } from './space.ts';

type Values = readonly Value[];

/** A statement that gives arrays; the types of node:sqlite do not follow setReturnArrays. */
interface TupleStatement {
  get(...values: Values): Tuple | undefined;
  all(...values: Values): readonly Tuple[];
}

const cached = <T>(make: (sql: string) => T): ((sql: string) => T) => {
  const statements = new Map<string, T>();
  return (sql) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = make(sql);
    statements.set(sql, made);
    return made;
  };
};

export class SqliteDatabase implements Database {
  readonly isShared = false;
  readonly #database: DatabaseSync;
  readonly #statement: (sql: string) => StatementSync;
  readonly #tupleStatement: (sql: string) => TupleStatement;
  readonly #walked = new Set<string>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statement = cached((sql) => database.prepare(sql));
    this.#tupleStatement = cached((sql) => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement as unknown as TupleStatement;
    });
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  row(sql: string, ...values: Values): Row | undefined {
    // node:sqlite gives exactly these, as bigints are not asked for.
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  rows(sql: string, ...values: Values): readonly Row[] {
    return this.#statement(sql).all(...values) as readonly Row[];
  }

  tuple(sql: string, ...values: Values): Tuple | undefined {
    return this.#tupleStatement(sql).get(...values);
  }

  tuples(sql: string, ...values: Values): readonly Tuple[] {
    return this.#tupleStatement(sql).all(...values);
  }

  /** A statement that is being walked through begins anew when it is asked again: whoever asks meanwhile gets another. */
  *each(sql: string, ...values: Values): Generator<Row> {
    const isWalked = this.#walked.has(sql);
    const statement = isWalked ? this.#database.prepare(sql) : this.#statement(sql);
    if (!isWalked) this.#walked.add(sql);
    try {
      yield* statement.iterate(...values) as Iterable<Row>;
    } finally {
      if (!isWalked) this.#walked.delete(sql);
    }
  }

  run(sql: string, ...values: Values): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE');
  }

  beginRead(): void {
    this.#database.exec('BEGIN');
  }

  commit(): void {
    this.#database.exec('COMMIT');
  }

  rollback(): void {
    if (this.inTransaction) this.#database.exec('ROLLBACK');
  }

  tellOthers(): void {}

  save(): void {
    this.run('SAVEPOINT one');
  }

  release(): void {
    this.run('RELEASE one');
  }

  rollbackToSave(): void {
    this.#database.exec('ROLLBACK TO one; RELEASE one');
  }

  schema(): number {
    return this.pragma('user_version');
  }

  columns(table: string): readonly string[] {
    return this.rows(`PRAGMA table_info(${table})`).map((row) => String(row['name']));
  }

  estimate(): undefined {}

  sizeBytes(): number {
    return this.pragma('page_count') * this.pragma('page_size');
  }

  freeBytes(): number {
    return this.pragma('freelist_count') * this.pragma('page_size');
  }

  giveBackSome(): number {
    return giveBackSome(this);
  }

  /** The largest number in the table is what SQLite counts on from. */
  renumber(): void {}

  pragma(name: string): number {
    return Number(this.tuple(`PRAGMA ${name}`)?.[0]);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#database.close();
  }
}

/** Throws what SQLite says when the file cannot be opened. */
export const openFile = (path: string | URL, options: { readonly readOnly?: boolean } = {}): SqliteDatabase =>
  new SqliteDatabase(new DatabaseSync(path, { timeout: 10_000, ...options }));
