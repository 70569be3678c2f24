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
import { type Context, type Counters, newEffects, noOthers, type Others } from './context.ts';
import { Refused, RolledBack, type Tuple } from './database.ts';
import { Behind, lookAtOthers } from './others.ts';
import { groupCalls } from './together.ts';

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
  try {
    // The argument was typed by the caller on the main thread (channel.ts).
    const value = await operation(context, argument as never);
    if (audit !== undefined) appendChanges(context, name, argument, value, audit);
    return { value };
  } catch (error) {
    if (error instanceof Refused) return { failure: toFailure(error) };
    throw error;
  }
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

const reasonOf = (outcome: PromiseSettledResult<unknown>): unknown =>
  outcome.status === 'rejected' ? outcome.reason : undefined;

/** What was sent is waited for together with the end: a transaction of which a statement failed is rolled back by it. */
const commitShared = async (context: Context): Promise<void> => {
  const { database, counters, seen } = context;
  const outcomes = await Promise.allSettled([context.sent(), database.tellOthers(), database.commit()]);
  const [sent, , ended] = outcomes.map(reasonOf);
  if (ended instanceof RolledBack) throw sent ?? ended;
  if (ended !== undefined) throw new Uncertain('', { cause: ended });
  // Numbers that were given to no row may be given again, by others.
  const changes = [...context.effects.tasks.values()].map((row) => Number(row.at(-1)));
  counters.change = changes.reduce((newest, change) => Math.max(newest, change), seen.change);
  Object.assign(seen, counters);
};

const commit = async (context: Context): Promise<void> => {
  if (context.database.isShared) return commitShared(context);
  await context.sent();
  await context.database.commit();
};

const takeOthers = (context: Context): Others | undefined => {
  const { others } = context;
  const size = others.objects.length + others.tasks.size + others.output.size + others.agents.size;
  const isNothing = size + others.credentials.size + others.certificates.size + others.kept.size === 0;
  if (isNothing && others.audit === undefined) return undefined;
  context.others = noOthers();
  return others;
};

/** Waits for all of them, also when one fails: what is undone afterwards is all there is. */
export const all = async <T>(pending: readonly (T | PromiseLike<T>)[]): Promise<Awaited<T>[]> => {
  const outcomes = await Promise.allSettled(pending);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
};

/** Throws when not all of it is durable. */
const runAll = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
  run: typeof runCall,
): Promise<Reply> => {
  const { database } = context;
  context.effects = newEffects();
  const runOne = (call: Call): Promise<Outcome> => {
    const operation = operations[call[0]];
    if (operation === undefined) throw new Error(`no operation ${call[0]}`);
    return run(context, operation, call);
  };
  if (database.isShared) await all([database.begin(), lookAtOthers(context)]);
  else await database.begin();
  const outcomes: Outcome[] = [];
  if (database.isShared && run === runCall)
    for (const group of groupCalls(calls)) outcomes.push(...(await all(group.map(runOne))));
  else for (const call of calls) outcomes.push(await runOne(call));
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
