// Owns the transaction: one per batch of calls.
// I1: nothing is answered before COMMIT has returned.
// I2: a call that fails is undone alone; the others of its batch are not touched by it.
// I3: savepoints cost as much as half of a write, and few calls fail: a batch runs without them first. When one of its calls
//     fails, all of it is rolled back, and it runs once more with a savepoint per call.

import type { AuditEntry } from '@drover/api/audit';
import { ApiError, type ErrorDetails, type Reason } from '@drover/api/errors';
import { toDiskRefusal } from '../../platform/disk-refusal.ts';
import type { AuditLine } from '../store.ts';
import { appendChanges } from './audit.ts';
import { type Context, type Counters, newEffects, type Tuple } from './context.ts';

export type Operation = (context: Context, argument: never) => unknown;
/** With `audit`, what the call changes is put into the audit trail in the same breath. */
export type Call = readonly [operation: string, argument: unknown, audit?: AuditEntry];

export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  readonly details: ErrorDetails | undefined;
}

export type Outcome = { readonly value: unknown } | { readonly failure: Failure };

export interface Reply {
  readonly outcomes: readonly Outcome[];
  readonly tasks: readonly Tuple[];
  /** [task id, work uid] */
  readonly output: readonly (readonly [string, string])[];
  readonly audit: readonly AuditLine[];
}

const diskFull = 13;
/** SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN: of a file system that is read-only or fails. */
const notWritable: readonly number[] = [8, 10, 14];

const codeOf = (error: unknown): number => {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : 0;
  return typeof code === 'number' ? code & 0xff : 0;
};

export const toFailure = (error: unknown): Failure => {
  if (error instanceof ApiError) {
    return { reason: error.reason, message: error.message, details: error.details };
  }
  if (codeOf(error) === diskFull) {
    const message = 'cannot store: the disk of the data directory is full; free some space';
    return { reason: 'InsufficientStorage', message, details: undefined };
  }
  const why = error instanceof Error ? error.message : String(error);
  if (notWritable.includes(codeOf(error))) {
    const { reason, message, details } = toDiskRefusal('failing', `cannot use the database: ${why}`);
    return { reason, message, details };
  }
  return { reason: 'InternalError', message: `cannot store: ${why}`, details: undefined };
};

/** The whole transaction is gone (disk full, I/O error): SQLite has rolled back by itself. */
class Aborted extends Error {}

type Operations = Readonly<Record<string, Operation>>;

const runCall = (context: Context, operation: Operation, [name, argument, audit]: Call): Outcome => {
  // The argument was typed by the caller on the main thread (channel.ts).
  const value = operation(context, argument as never);
  if (audit !== undefined) appendChanges(context, name, argument, value, audit);
  return { value };
};

/** I2. */
const runGuarded: typeof runCall = (context, operation, call) => {
  const before: Counters = { ...context.counters };
  const batchEffects = context.effects;
  context.effects = newEffects();
  context.prepare('SAVEPOINT one').run();
  try {
    const outcome = runCall(context, operation, call);
    context.prepare('RELEASE one').run();
    mergeEffects(batchEffects, context.effects);
    return outcome;
  } catch (error) {
    context.digests.clear();
    Object.assign(context.counters, before);
    if (!context.database.isTransaction) throw new Aborted('', { cause: error });
    context.database.exec('ROLLBACK TO one; RELEASE one');
    return { failure: toFailure(error) };
  } finally {
    context.effects = batchEffects;
  }
};

const mergeEffects = (into: Context['effects'], from: Context['effects']): void => {
  for (const [id, row] of from.tasks) {
    into.tasks.delete(id);
    into.tasks.set(id, row);
  }
  for (const [id, work] of from.output) into.output.set(id, work);
  into.audit.push(...from.audit);
};

const undoAll = (context: Context, before: Counters): void => {
  context.digests.clear();
  context.moved = [];
  Object.assign(context.counters, before);
  if (context.database.isTransaction) context.database.exec('ROLLBACK');
};

const failAll = (calls: readonly Call[], error: unknown): Reply => {
  const failure = toFailure(error instanceof Aborted ? error.cause : error);
  return { outcomes: calls.map(() => ({ failure })), tasks: [], output: [], audit: [] };
};

/** Throws when not all of it is durable. */
const runAll = (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
  run: typeof runCall,
): Reply => {
  context.effects = newEffects();
  context.database.exec('BEGIN IMMEDIATE');
  const outcomes = calls.map((call) => {
    const operation = operations[call[0]];
    if (operation === undefined) throw new Error(`no operation ${call[0]}`);
    return run(context, operation, call);
  });
  context.database.exec('COMMIT');
  const { tasks, output, audit } = context.effects;
  return { outcomes, tasks: [...tasks.values()], output: [...output], audit };
};

/** Runs the calls in order in one transaction and returns what came of each (I3). */
export const runBatch = (context: Context, operations: Operations, calls: readonly Call[]): Reply => {
  const before: Counters = { ...context.counters };
  try {
    return runAll(context, operations, calls, runCall);
  } catch {
    undoAll(context, before);
  }
  try {
    return runAll(context, operations, calls, runGuarded);
  } catch (error) {
    undoAll(context, before);
    return failAll(calls, error);
  }
};

const runRead = (
  context: Context,
  operations: Readonly<Record<string, Operation>>,
  [name, argument]: Call,
): Outcome => {
  const isAlone = !context.database.isTransaction;
  try {
    const operation = operations[name];
    if (operation === undefined) throw new Error(`no operation ${name}`);
    if (isAlone) context.database.exec('BEGIN');
    return { value: operation(context, argument as never) };
  } catch (error) {
    return { failure: toFailure(error) };
  } finally {
    if (isAlone && context.database.isTransaction) context.database.exec('COMMIT');
  }
};

/** Runs reading calls, each on one consistent state of the database; in a snapshot, all on the same. */
export const runReads = (
  context: Context,
  operations: Readonly<Record<string, Operation>>,
  calls: readonly Call[],
): Reply => {
  const outcomes = calls.map((call) => runRead(context, operations, call));
  return { outcomes, tasks: [], output: [], audit: [] };
};
