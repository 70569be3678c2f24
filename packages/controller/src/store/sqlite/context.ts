// Owns what every statement family works with inside the worker thread.
// I1: counters never go back, also when the newest rows are removed: their floors are in table `counter`.
// I2: what a failed call did is undone in memory too: counters are set back, running digests forgotten.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { AuditLine } from '../store.ts';
import { loadHead } from './audit.ts';
import { Digests } from './digests.ts';

/** A row as SQLite gives it: positional, cheap to send to the main thread. */
export type Tuple = readonly (string | number | null)[];

export interface Counters {
  /** Newest revision of the object log. */
  revision: number;
  /** Newest change of a task. */
  change: number;
  /** Newest chunk of output. */
  cursor: number;
  /** Newest row of the audit trail, and its hash. */
  audit: number;
  auditHash: string;
}

/** What listeners are to be told once the transaction is durable. */
export interface Effects {
  /** Task id → its newest row. */
  readonly tasks: Map<string, Tuple>;
  /** Task id → work uid. */
  readonly output: Map<string, string>;
  readonly audit: AuditLine[];
}

export interface Context {
  readonly database: DatabaseSync;
  readonly counters: Counters;
  readonly digests: Digests;
  effects: Effects;
  /** Buffers of the results, to be moved rather than copied to the main thread. */
  moved: ArrayBuffer[];
  /** A cached statement that gives objects. */
  prepare(sql: string): StatementSync;
  /** A cached statement that gives arrays. */
  tuples(sql: string): TupleStatement;
}

export interface TupleStatement {
  get(...values: SQLInputValue[]): Tuple | undefined;
  all(...values: SQLInputValue[]): readonly Tuple[];
}

const newEffects = (): Effects => ({ tasks: new Map(), output: new Map(), audit: [] });

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

const loadCounters = (database: DatabaseSync): Counters => {
  const newest = (query: string, floor: string): number => {
    const row = database
      .prepare(
        `SELECT max(coalesce((${query}), 0), coalesce((SELECT value FROM counter WHERE name = ?), 0)) AS n`,
      )
      .get(floor);
    return Number(row?.['n'] ?? 0);
  };
  const head = loadHead(database);
  return {
    audit: head.seq,
    auditHash: head.hash,
    revision: newest('SELECT max(revision) FROM object_log', 'compacted'),
    change: newest('SELECT max(change) FROM task', 'change'),
    cursor: newest('SELECT max(cursor) FROM output', 'cursor'),
  };
};

export const createContext = (database: DatabaseSync): Context => ({
  database,
  counters: loadCounters(database),
  digests: new Digests(),
  effects: newEffects(),
  moved: [],
  prepare: cached((sql) => database.prepare(sql)),
  tuples: cached((sql) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    // setReturnArrays makes rows arrays; the types of node:sqlite do not follow it.
    return statement as unknown as TupleStatement;
  }),
});

type Floor = 'compacted' | 'change' | 'cursor';

export const loadFloor = (context: Context, name: Floor): number =>
  Number(context.prepare('SELECT value FROM counter WHERE name = ?').get(name)?.['value'] ?? 0);

/** Raises a floor (I1), inside the running transaction. */
export const saveFloor = (context: Context, name: Floor, value: number): void => {
  context
    .prepare(
      'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
    )
    .run(name, value);
};

export { newEffects };
