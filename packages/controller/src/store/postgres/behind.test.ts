// How far a controller may fall behind the others, and what becomes of one that is further behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { type Relay, startRelay } from '../../../../../test/harness/relay.ts';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import { runBatch } from '../sql/batch.ts';
import { type Context, createContext } from '../sql/context.ts';
import type { OpenDatabase } from '../sql/database.ts';
import { writeOperations } from '../sql/operations.ts';
import type { Store } from '../store.ts';
import { openPostgres } from './open.ts';

const isSkipped = missingForPostgres() !== undefined && process.env['CI'] !== 'true';
const minuteMs = 60_000;

let dataDir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
let relay: Relay;
let opened: OpenDatabase;
let writer: Context;
let nowMs = 0;

const agentOf = (node: string) => ({
  ...{ node, serial: '0a', machineId: 'm', bootId: 'b', journalId: 'j', agentVersion: '1' },
  ...{ agentSha256: '', pythonVersion: '', facts: '{}', controller: 'one', nowMs: 1 },
});

/** One transaction in which as many agents connect. */
const connect = async (count: number): Promise<void> => {
  const calls = Array.from({ length: count }, (_, i) => ['agents.connected', agentOf(`n${i}`)] as const);
  const { outcomes } = await runBatch(writer, writeOperations, calls);
  const failed = outcomes.find((outcome) => 'failure' in outcome);
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
};
const oldest = async (): Promise<number> =>
  Number((await place.server.query(`SELECT min(seq) AS n FROM ${place.schema}.notice`))[0]?.['n']);

/** Behind a network that can swallow what is said. */
const openSecond = (log: Log): Promise<Store> => {
  const url = place.url.replace(`:${place.server.port}/`, `:${relay.port}/`);
  return openStore({ dataDir, url, controller: 'two', clock: systemClock, log });
};
const heardBy = (store: Store): Set<string> => {
  const nodes = new Set<string>();
  store.agents.onChange((node) => nodes.add(node));
  return nodes;
};

describe.skipIf(isSkipped)('one that is held up while others write', () => {
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'drover-behind-'));
    place = await freshSchema();
    relay = await startRelay({ to: { host: '127.0.0.1', port: place.server.port } });
    opened = await openPostgres(place.url, 'write');
    nowMs = 0;
    writer = await createContext(opened.database, () => nowMs);
  }, 60_000);
  afterEach(async () => {
    await opened.close();
    await relay.close();
    await rm(dataDir, { recursive: true, force: true });
    await place.drop();
  });

  test('finds all that was changed in the last minute, however much that is', async () => {
    nowMs += 10 * minuteMs;
    await connect(1);
    const second = await openSecond(silentLog);
    const heard = heardBy(second);
    relay.fail('swallows');
    for (let part = 0; part < 3; part++) await connect(4_000);
    nowMs += minuteMs - 1;
    await connect(1_000);
    relay.fail(undefined);

    await waitFor('it to hear of all', () => heard.size === 4_000, 20_000);
    await second.close();
  }, 60_000);

  test('for longer, while more is changed than is kept, says that it has to start anew, and does so cleanly', async () => {
    const errors: string[] = [];
    const told = ({ err }: { readonly err?: unknown }, text: string): void => {
      errors.push(`${text}: ${err instanceof Error ? err.message : String(err)}`);
    };
    const second = await openSecond({ ...silentLog, error: told as Log['error'] });
    relay.fail('swallows');
    for (let part = 0; part < 3; part++) {
      await connect(4_000);
      nowMs += minuteMs;
    }
    await connect(1_000);
    expect(await oldest()).toBeGreaterThan(1);
    relay.fail(undefined);

    await waitFor('it to end', () => errors.length > 0, 20_000);
    expect(errors[0]).toBe(
      'cannot go on: a store thread died; restart the controller: cannot go on: other controllers have changed more than it could follow, so this controller has to start anew',
    );
    await expect(second.meta.set('a', 'b')).rejects.toThrow();
    await second.close();
    const again = await openSecond(silentLog);
    const heard = heardBy(again);
    expect((await again.agents.list()).length).toBe(4_000);
    await connect(1);
    await waitFor('it to hear of what comes', () => heard.has('n0'));
    await again.close();
  }, 60_000);
});
