// Rows that are large pass the way from the database once, not again with every page: counted by a relay before it.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { type Relay, startRelay } from '../../../../../test/harness/relay.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { object } from '../backup/test-ground.ts';
import { commandSpec, newTask } from '../contract/tasks.ts';
import { openStore } from '../index.ts';
import type { SnapshotTable } from '../sql/snapshot.ts';
import { readPage } from '../sql/snapshot.ts';
import type { Store, TaskSpec } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import { openPostgres } from './open.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

let dataDir: string;
let place: Awaited<ReturnType<typeof freshSchema>>;
let relay: Relay;
let url: string;
let store: Store;

/** What `work` brings over the network. */
const passedBytes = async (work: () => Promise<unknown>): Promise<number> => {
  const before = relay.receivedBytes();
  await work();
  return relay.receivedBytes() - before;
};

describe.skipIf(isSkipped)('of large rows', () => {
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'drover-large-'));
    place = await freshSchema();
    relay = await startRelay({ to: { host: '127.0.0.1', port: place.server.port } });
    url = place.server.url(place.schema, [relay]);
    store = await openStore({ dataDir, url, clock: systemClock, log: silentLog, threads: testThreads });
  }, 60_000);
  afterEach(async () => {
    await store.close();
    await relay.close();
    await rm(dataDir, { recursive: true, force: true });
    await place.drop();
  });

  const printed = async (chunks: number): Promise<Buffer> => {
    const data = randomBytes(chunks * 64 * kibibyte);
    await store.tasks.insert('w', { ...commandSpec, maxOutputBytes: data.length } as TaskSpec, [
      newTask('t', 0),
    ]);
    for (let offset = 0; offset < data.length; offset += 64 * kibibyte)
      await store.tasks.report({
        output: [
          { taskId: 't', stream: 1, offset, timeMs: 1, data: data.subarray(offset, offset + 64 * kibibyte) },
        ],
        ...{ started: [], progress: [], results: [] },
      });
    return data;
  };

  test('no more is read for a piece of output than goes into it', async () => {
    const data = await printed(100);
    const limitBytes = 256 * kibibyte;
    const asked = [
      () => store.tasks.output({ taskId: 't', stream: 1, fromOffset: 100_000, limitBytes }),
      () => store.tasks.output({ taskId: 't', fromOffset: 0, limitBytes }),
      () => store.tasks.outputOfWork({ work: 'w', afterCursor: 0, limitBytes }),
    ];
    for (const [i, ask] of asked.entries()) {
      let got = Buffer.alloc(0);
      const bytes = await passedBytes(async () => {
        got = Buffer.concat((await ask()).map((chunk) => chunk.data));
      });
      const from = i === 0 ? 100_000 : 0;
      expect(got.equals(data.subarray(from, from + got.length))).toBe(true);
      expect(got.length).toBeGreaterThanOrEqual(limitBytes);
      // Bytes are sent as hexadecimal digits; what was cut off the first chunk is made up for by a second look.
      expect(bytes).toBeLessThan(2 * (i === 0 ? 2 : 1) * (limitBytes + 64 * kibibyte));
    }
  }, 60_000);

  test('a backup reads each once, and no page is larger than its bound and one row', async () => {
    for (let i = 0; i < 40; i += 1) await store.objects.write([object(`s${i}`, 'small')]);
    for (let i = 0; i < 20; i += 1)
      await store.objects.write([object(`l${i}`, randomBytes(mebibyte).toString('hex'))]);
    await printed(100);
    const snapshot = await openPostgres(url, 'snapshot');
    try {
      const read = async (table: SnapshotTable): Promise<readonly [number, number]> => {
        const pages: number[] = [];
        let after: string | number | undefined;
        let rows = 0;
        do {
          pages.push(
            await passedBytes(async () => {
              const page = await readPage(snapshot.database, { table, after });
              rows += Buffer.from(page.lines).toString().split('\n').length - 1;
              after = page.last;
            }),
          );
        } while (after !== undefined);
        expect(rows).toBe(table === 'output' ? 100 : 60);
        return [Math.max(...pages), pages.reduce((sum, bytes) => sum + bytes, 0)];
      };
      const [largest, all] = await read('object_log');
      expect(largest).toBeLessThan(2 * mebibyte + 512 * kibibyte);
      expect(all).toBeLessThan(20 * 2 * mebibyte + 512 * kibibyte);
      const [largestOfOutput, allOutput] = await read('output');
      expect(largestOfOutput).toBeLessThan(2 * 384 * kibibyte);
      // A page is full with three quarters of what was sent: bytes are longer as base64.
      expect(allOutput).toBeLessThan(1.4 * 2 * 100 * 64 * kibibyte);
    } finally {
      await snapshot.close();
    }
  }, 60_000);

  test('what is looked at by size is all of it, also over thousands of rows without any', async () => {
    await store.tasks.insert('w', { ...commandSpec, maxOutputBytes: 5_000 } as TaskSpec, [newTask('t', 0)]);
    const output = Array.from({ length: 2_500 }, (_, offset) => ({
      ...{ taskId: 't', stream: 1 as const, offset, timeMs: 1 },
      data: new TextEncoder().encode(String(offset % 10)),
    }));
    await store.tasks.report({ output, started: [], progress: [], results: [] });

    const got = await store.tasks.output({ taskId: 't', stream: 1, fromOffset: 3, limitBytes: 1e6 });

    expect(got.map(({ offset }) => offset)).toEqual(Array.from({ length: 2_497 }, (_, i) => i + 3));
  });
});
