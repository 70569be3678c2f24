// Reads from a database beyond a network: asked for together, answered each for itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { openPostgres } from '../postgres/open.ts';
import type { Operation } from './batch.ts';
import { type Context, createContext } from './context.ts';
import type { OpenDatabase } from './database.ts';
import { runReads } from './reads.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';

const operations: Readonly<Record<string, Operation>> = {
  number: ({ database }: Context, number: number) => database.tuple('SELECT ? + 0', number),
  snapshot: ({ database }: Context) => database.tuple('SELECT pg_current_snapshot()::text, now()::text'),
  wrong: ({ database }: Context) => database.tuple('SELECT 1 / 0'),
};

describe.skipIf(isSkipped)('reads', () => {
  let place: Awaited<ReturnType<typeof freshSchema>>;
  let opened: OpenDatabase;
  let context: Context;

  beforeEach(async () => {
    place = await freshSchema();
    opened = await openPostgres(place.url, 'write');
    context = await createContext(opened.database);
  }, 60_000);
  afterEach(async () => {
    await opened.close();
    await place.drop();
  });

  const read = async (...calls: readonly (readonly [string, unknown])[]) =>
    (await runReads(context, operations, calls)).outcomes.map((one) =>
      'failure' in one ? one.failure.reason : one.value,
    );

  test('that are asked for together see the same moment, and the next ones a later', async () => {
    const [first, second] = await read(['snapshot', undefined], ['snapshot', undefined]);
    const [third] = await read(['snapshot', undefined]);
    expect(first).toEqual(second);
    expect(third).not.toEqual(first);
  });

  test('that fail take none of the others along', async () => {
    const outcomes = await read(['number', 1], ['wrong', undefined], ['number', 2], ['none', undefined]);
    expect(outcomes).toEqual([[1], 'InternalError', [2], 'InternalError']);
    expect(await read(['number', 3])).toEqual([[3]]);
  });

  test('go on after their connection was cut', async () => {
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drover'`;
    await place.server.query(cut);
    expect(await read(['number', 1], ['number', 2])).toEqual([[1], [2]]);
  });
});
