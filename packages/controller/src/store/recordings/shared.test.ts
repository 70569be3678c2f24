// Recordings of several controllers on one database: heard of by all, whoever dies.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { systemClock as clock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import { silentLog as log } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import type { Store } from '../store.ts';
import { testThreads as threads } from '../test-threads.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';

let dir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
let a: Store;
let b: Store;
const open = (name: string): Promise<Store> =>
  openStore({ dataDir: join(dir, name), url: place.url, clock, log, threads });

describe.skipIf(isSkipped)('recordings of several controllers', () => {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-recordings-'));
    place = await freshSchema();
    [a, b] = [await open('a'), await open('b')];
  }, 60_000);
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await rm(dir, { recursive: true, force: true });
    await place.drop();
  });

  test('are listed, read and removed by another than made them', async () => {
    const id = newId();
    const tape = await a.recordings.begin(id, 'head\n');
    await tape.append('seen\n');

    expect(await b.recordings.newest(1)).toMatchObject([
      { id, goesOn: true, head: 'head\n', tail: 'seen\n' },
    ]);
    expect(await b.recordings.remove(id)).toBe(false);
    await tape.close();
    expect(await text((await b.recordings.read(id)).data)).toBe('head\nseen\n');
    const removals = await Promise.all([a, b].map(({ recordings }) => recordings.remove(id)));
    expect(removals.sort()).toEqual([false, true]);

    await expect(a.recordings.read(id)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await place.server.query(`SELECT body FROM ${place.schema}.piece`)).toEqual([]);
  });

  test('whose controller is gone have ended once it has been silent for long, with all that was seen', async () => {
    const id = newId();
    await (await a.recordings.begin(id, 'head\n')).append('seen\n');

    expect(await b.recordings.all()).toMatchObject([{ id, goesOn: true }]);
    await place.server.query(`UPDATE ${place.schema}.recording SET alive_at_ms = alive_at_ms - 700000`);

    expect(await b.recordings.all()).toMatchObject([{ id, goesOn: false, sizeBytes: 10 }]);
    expect(await text((await b.recordings.read(id)).data)).toBe('head\nseen\n');
  });

  test('go on when the connections to the database are cut', async () => {
    const id = newId();
    const tape = await a.recordings.begin(id, '');
    for (let i = 0; i < 30; i++) {
      if (i % 10 === 5)
        await place.server.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drover'",
        );
      await tape.append(`${i} `);
    }
    await tape.close();

    const numbers = Array.from({ length: 30 }, (_, i) => `${i} `).join('');
    expect(await text((await b.recordings.read(id)).data)).toBe(numbers);
  });
});
