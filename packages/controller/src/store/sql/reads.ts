// Owns how calls that only read are carried out.
// I1: each sees one moment of the database. What is called for together sees the same one, where asking takes time: a transaction
//     for each would cost three ways to the database where it takes one.
// I2: one that fails takes nothing from the others: a failed statement ends the transaction, so they are asked for again.
import { all, type Call, type Operation, type Outcome, type Reply, toFailure } from './batch.ts';
import type { Context } from './context.ts';

type Operations = Readonly<Record<string, Operation>>;

const ask = async (context: Context, operations: Operations, [name, argument]: Call): Promise<unknown> => {
  const operation = operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  // The argument was typed by the caller on the main thread (channel.ts).
  return operation(context, argument as never);
};

/** In a transaction of their own, or in the snapshot that is open. @throws what the first of them failed with. */
const askTogether = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
): Promise<readonly unknown[]> => {
  const { database } = context;
  const isAlone = !database.inTransaction;
  try {
    const begun = isAlone ? database.beginRead() : undefined;
    const [, ...values] = await all<unknown>([begun, ...calls.map((call) => ask(context, operations, call))]);
    return values;
  } finally {
    // Whoever asks next begins behind it; nobody waits for its answer.
    const ended = isAlone ? database.rollback() : undefined;
    if (!database.isShared) await ended;
  }
};

const askAlone = async (context: Context, operations: Operations, call: Call): Promise<Outcome> => {
  try {
    const [value] = await askTogether(context, operations, [call]);
    return { value };
  } catch (error) {
    return { failure: toFailure(error) };
  }
};

const runAll = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
): Promise<readonly Outcome[]> => {
  const isTogether = context.database.isShared && !context.database.inTransaction && calls.length > 1;
  if (isTogether) {
    try {
      return (await askTogether(context, operations, calls)).map((value) => ({ value }));
    } catch {
      // I2.
    }
  }
  const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await askAlone(context, operations, call));
  return outcomes;
};

/** Runs reading calls; in a snapshot, all see its moment. */
export const runReads = async (
  context: Context,
  operations: Operations,
  calls: readonly Call[],
): Promise<Reply> => {
  const outcomes = await runAll(context, operations, calls);
  return { outcomes, tasks: [], output: [], audit: [], others: undefined };
};
