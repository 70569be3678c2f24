// Owns the transaction: one per batch of calls.
// I1: nothing is answered before COMMIT has returned.
// I2: a call that fails is undone alone; the others of its batch are not touched by it.
// I3: savepoints cost as much as half of a write, and few calls fail: a batch runs without them first. When one of its calls
//     fails, all of it is rolled back, and it runs once more with a savepoint per call.

import type { AuditEntry } from '@drover/api/audit';
import { ApiError, type ErrorDetails, type Reason } from '@drover/api/errors';
import type { AuditLine } from '../store.ts';
import { appendChanges } from './audit.ts';
import { type Context, type Counters, newEffects, noOthers, type Others } from './context.ts';
import type { Tuple } from './database.ts';
import { Behind, lookAtOthers } from './others.ts';

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
  /** What was committed before it by others; undefined: nothing. */
  readonly others: Others | undefined;
}

const diskFull = 13;

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
  return { reason: 'InternalError', message: `cannot store: ${why}`, details: undefined };
};

/** The whole transaction is gone (disk full, I/O error, connection lost): the database has rolled back by itself. */
class Aborted extends Error {}

/** It was to be committed, and whether it was is not known: nothing of it may be tried again. */
class Uncertain extends Error {}

type Operations = Readonly<Record<string, Operation>>;

const runCall = async (
  context: Context,
  operation: Operation,
  [name, argument, audit]: Call,
): Promise<Outcome> => {
  // The argument was typed by the caller on the main thread (channel.ts).
  const value = await operation(context, argument as never);
  if (audit !== undefined) appendChanges(context, name, argument, value, audit);
  return { value };
};

/** I2. */
const runGuarded: typeof runCall = async (context, operation, call) => {
  const { database } = context;
  const before: Counters = { ...context.counters };
  const batchEffects = context.effects;
  context.effects = newEffects();
  await database.save();
  try {
    const outcome = await runCall(context, operation, call);
    await context.sent();
    await database.release();
    mergeEffects(batchEffects, context.effects);
    return outcome;
  } catch (error) {
    context.digests.clear();
    Object.assign(context.counters, before);
    await context.sent().catch(() => undefined);
    if (!database.inTransaction) throw new Aborted('', { cause: error });
    await database.rollbackToSave();
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

const undoAll = async (context: Context, before: Counters): Promise<void> => {
  context.digests.clear();
  context.moved = [];
  Object.assign(context.counters, before);
  await context.sent().catch(() => undefined);
  await context.database.rollback();
};

const failAll = (context: Context, calls: readonly Call[], error: unknown): Reply => {
  const isWrapped = error instanceof Aborted || error instanceof Uncertain;
  const failure = toFailure(isWrapped ? error.cause : error);
  return {
    outcomes: calls.map(() => ({ failure })),
    ...{ tasks: [], output: [], audit: [] },
    others: takeOthers(context),
  };
};

const commit = async (context: Context): Promise<void> => {
  const { database, counters, seen } = context;
  if (!database.isShared) return database.commit();
  try {
    await database.tellOthers();
    await database.commit();
  } catch (error) {
    throw new Uncertain('', { cause: error });
  }
  // Numbers that were given to no row may be given again, by others.
  const changes = [...context.effects.tasks.values()].map((row) => Number(row.at(-1)));
  counters.change = Math.max(seen.change, ...changes);
  Object.assign(seen, counters);
};

const takeOthers = (context: Context): Others | undefined => {
  const { others } = context;
  const size = others.objects.length + others.tasks.size + others.output.size + others.agents.size;
  if (size + others.credentials.size + others.certificates.size + others.kept.size === 0) return undefined;
  context.others = noOthers();
  return others;
};

/** Throws when not all of it is durable. */
const runAll = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
  run: typeof runCall,
): Promise<Reply> => {
  context.effects = newEffects();
  await context.database.begin();
  if (context.database.isShared) await lookAtOthers(context);
  const outcomes: Outcome[] = [];
  for (const call of calls) {
    const operation = operations[call[0]];
    if (operation === undefined) throw new Error(`no operation ${call[0]}`);
    outcomes.push(await run(context, operation, call));
  }
  await context.sent();
  await commit(context);
  const { tasks, output, audit } = context.effects;
  return {
    outcomes,
    tasks: [...tasks.values()],
    output: [...output],
    audit,
    others: takeOthers(context),
  };
};

/** I3. */
const runTwice = async (context: Context, operations: Operations, calls: readonly Call[]): Promise<Reply> => {
  const before: Counters = { ...context.counters };
  try {
    return await runAll(context, operations, calls, runCall);
  } catch (error) {
    await undoAll(context, before);
    if (error instanceof Behind) throw error;
    if (error instanceof Uncertain) return failAll(context, calls, error);
  }
  try {
    return await runAll(context, operations, calls, runGuarded);
  } catch (error) {
    await undoAll(context, before);
    return failAll(context, calls, error);
  }
};

/** Nothing to write: a look at what others have written waits for nobody. */
const look = async (context: Context): Promise<Reply> => {
  const { database } = context;
  try {
    await database.beginRead();
    await lookAtOthers(context);
  } catch (error) {
    // The next one finds it.
    if (error instanceof Behind) throw error;
  }
  await database.rollback();
  return { ...{ outcomes: [], tasks: [], output: [], audit: [] }, others: takeOthers(context) };
};

/** Runs the calls in order in one transaction and returns what came of each; with none it only looks at what others wrote. */
export const runBatch = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
): Promise<Reply> => {
  if (calls.length === 0) return look(context);
  try {
    return await runTwice(context, operations, calls);
  } finally {
    for (const buffer of context.spent) buffer.transfer(0);
    context.spent.clear();
  }
};

const runRead = async (
  context: Context,
  operations: Readonly<Record<string, Operation>>,
  [name, argument]: Call,
): Promise<Outcome> => {
  const isAlone = !context.database.inTransaction;
  try {
    const operation = operations[name];
    if (operation === undefined) throw new Error(`no operation ${name}`);
    if (isAlone) await context.database.beginRead();
    return { value: await operation(context, argument as never) };
  } catch (error) {
    return { failure: toFailure(error) };
  } finally {
    if (isAlone) await context.database.rollback();
  }
};

/** Runs reading calls, each on one consistent state of the database; in a snapshot, all on the same. */
export const runReads = async (
  context: Context,
  operations: Readonly<Record<string, Operation>>,
  calls: readonly Call[],
): Promise<Reply> => {
  const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await runRead(context, operations, call));
  return { outcomes, tasks: [], output: [], audit: [], others: undefined };
};
