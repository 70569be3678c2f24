// Content of several controllers on one database: what one of them has taken the others give, whatever becomes of a disk.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { systemClock as clock } from '../../platform/clock.ts';
import { silentLog as log } from '../../platform/log.ts';
import { readAll } from '../contract/blobs.ts';
import { openStore } from '../index.ts';
import type { BlobStore } from '../store.ts';
import { testThreads as threads } from '../test-threads.ts';

const missing = missingForPostgres();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';

let dir = '';
let place: Awaited<ReturnType<typeof freshSchema>>;
const opened: { close(): Promise<void> }[] = [];

const open = async (name: string, cacheBytes?: number) => {
  const dataDir = join(dir, name);
  const store = await openStore({ dataDir, url: place.url, clock, log, threads, cacheBytes });
  opened.push(store);
  return { blobs: store.blobs, close: () => store.close(), cache: join(dataDir, 'content-cache') };
};
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += 300_000) yield data.subarray(at, at + 300_000);
}
const put = async (blobs: BlobStore, data: Uint8Array): Promise<string> => {
  const id = await blobs.beginUpload(data.length, clock.nowMs());
  await blobs.appendUpload(id, 0, pieces(data));
  return (await blobs.finishUpload(id, sha256(data), clock.nowMs())).sha256;
};
const query = (sql: string) => place.server.query(`SET search_path = ${place.schema}; ${sql}`);
/** What the database has of bytes. */
const pieceCount = async (): Promise<number> => {
  const rows = await place.server.query(`SELECT count(*)::int AS n FROM ${place.schema}.piece`);
  return Number(rows[0]?.['n']);
};
const content = randomBytes(9_500_000);

describe.skipIf(isSkipped)('content of several controllers', () => {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-content-'));
    place = await freshSchema();
  }, 60_000);
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await rm(dir, { recursive: true, force: true });
    await place.drop();
  });

  test('is given by another than took it, from its disk once it was read, and by one that has lost its disk', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const hash = await put(a.blobs, content);
    expect((await readAll(b.blobs, hash)).equals(content)).toBe(true);

    await query('ALTER TABLE piece RENAME TO away');
    expect((await readAll(b.blobs, hash)).equals(content)).toBe(true);
    await expect(readAll(a.blobs, hash)).rejects.toThrow('piece');
    await query('ALTER TABLE away RENAME TO piece');

    await b.close();
    await rm(join(dir, 'b'), { recursive: true });
    expect((await readAll((await open('b')).blobs, hash)).equals(content)).toBe(true);
  });

  test('is begun by many at once, and none of them is asked about one by one', async () => {
    const beginAll = async ({ blobs }: { readonly blobs: BlobStore }): Promise<readonly string[]> => {
      const ids: string[] = [];
      for (let i = 0; i < 4; i++)
        ids.push(
          ...(await Promise.all(Array.from({ length: 64 }, () => blobs.beginUpload(9, clock.nowMs())))),
        );
      return ids;
    };
    const [a, b] = [await open('a'), await open('b')];
    const [first = ''] = await beginAll(a);
    await a.blobs.appendUpload(first, 0, pieces(Buffer.from('some')));
    // Were each asked about for each that is begun, this would be 130,000 questions.
    const others = await beginAll(b);

    expect(new Set(others).size).toBe(256);
    expect(await b.blobs.uploadOffset(first)).toBe(4);
    expect(await a.blobs.uploadOffset(others.at(-1) ?? '')).toBe(0);
    await b.blobs.removeOldUploads(clock.nowMs() + 8 * 86_400_000);
    await expect(a.blobs.uploadOffset(others[0] ?? '')).rejects.toMatchObject({ reason: 'NotFound' });
    await waitFor('the bytes of the one that had some to go', async () => (await pieceCount()) === 0);
  });

  test('is gone on with at another controller, from where it was cut off', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const id = await a.blobs.beginUpload(content.length, clock.nowMs());
    expect(await b.blobs.uploadOffset(id)).toBe(0);
    await a.blobs.appendUpload(id, 0, pieces(content.subarray(0, 5_000_001)));
    await a.close();

    expect(await b.blobs.uploadOffset(id)).toBe(5_000_001);
    await b.blobs.appendUpload(id, 5_000_001, pieces(content.subarray(5_000_001)));
    const hash = (await b.blobs.finishUpload(id, sha256(content), 1)).sha256;

    expect((await readAll(b.blobs, hash)).equals(content)).toBe(true);
    await expect(b.blobs.appendUpload(id, 0, pieces(content))).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('that is sent to two controllers at once is taken by one of them, and whole', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const id = await a.blobs.beginUpload(content.length, clock.nowMs());
    const both = [a, b].map(({ blobs }) => blobs.appendUpload(id, 0, pieces(content)));

    const outcomes = await Promise.allSettled(both);
    const refused = outcomes.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ reason: 'Conflict' });

    const from = await b.blobs.uploadOffset(id);
    await b.blobs.appendUpload(id, from, pieces(content.subarray(from)));
    const [one, other] = await Promise.all([a, b].map((at) => at.blobs.finishUpload(id, sha256(content), 1)));
    expect(one).toEqual(other);
    expect((await readAll(a.blobs, sha256(content))).equals(content)).toBe(true);
  });

  test('whose end is told to two controllers, at any time after each other, is there for both', async () => {
    const [a, b] = [await open('a'), await open('b')];
    for (let afterMs = 0; afterMs < 30; afterMs++) {
      const data = randomBytes(20_000);
      const id = await a.blobs.beginUpload(data.length, clock.nowMs());
      await a.blobs.appendUpload(id, 0, pieces(data));
      const finish = (at: BlobStore): Promise<unknown> => at.finishUpload(id, sha256(data), 1);
      const later = async (): Promise<unknown> => {
        await setTimeout(afterMs / 4);
        return finish(b.blobs);
      };
      const [one, other] = await Promise.all([finish(a.blobs), later()]);
      expect(one).toEqual(other);
    }
  });

  test('whose end the database has lost is not taken for whole: it is sent again', async () => {
    const a = await open('a');
    const id = await a.blobs.beginUpload(content.length, clock.nowMs());
    await a.blobs.appendUpload(id, 0, pieces(content));
    await query('DELETE FROM piece WHERE at >= 9000000');

    await expect(a.blobs.finishUpload(id, sha256(content), 1)).rejects.toMatchObject({ reason: 'Conflict' });
    const from = await a.blobs.uploadOffset(id);
    expect(from).toBeLessThan(content.length);
    await a.blobs.appendUpload(id, from, pieces(content.subarray(from)));

    const { sha256: hash } = await a.blobs.finishUpload(id, sha256(content), 1);
    expect((await readAll(a.blobs, hash)).equals(content)).toBe(true);
  });

  test('leaves no bytes when it is removed, nor does an upload that gives way or what was uploaded twice', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const hash = await put(a.blobs, content);
    expect(await put(b.blobs, content)).toBe(hash);
    const left = await a.blobs.beginUpload(content.length, 1);
    await a.blobs.appendUpload(left, 0, pieces(content.subarray(0, 700_000)));
    await b.blobs.beginUpload(0, clock.nowMs() + 700_000); // looks at the uploads of others

    expect(await b.blobs.remove(hash)).toBe(true);
    expect(await a.blobs.remove(hash)).toBe(false);

    await waitFor('the bytes to go', async () => (await pieceCount()) === 0);
    expect(await readdir(b.cache)).toEqual([]);
    await expect(a.blobs.open(hash)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('is read anew where a copy on the disk is not what it was, and copies keep their bound', async () => {
    const bound = 12 * 1024 * 1024;
    const a = await open('a', bound);
    const hash = await put(a.blobs, content);
    await readAll(a.blobs, hash);
    await a.close();
    await writeFile(join(a.cache, hash), randomBytes(5_000_000), { flag: 'r+' });

    const again = await open('a', bound);
    expect((await readAll(again.blobs, hash)).equals(content)).toBe(true);
    const others = await Promise.all([1, 2].map((n) => put(again.blobs, randomBytes(6_000_000 + n))));
    for (const other of others) await readAll(again.blobs, other);

    const sizes = await Promise.all(
      (await readdir(again.cache)).map((name) => stat(join(again.cache, name))),
    );
    expect(sizes.reduce((sum, { blocks }) => sum + blocks * 512, 0)).toBeLessThanOrEqual(bound);
    expect((await readAll(again.blobs, hash)).equals(content)).toBe(true);
  });

  test('that the database has otherwise than it was uploaded is not given', async () => {
    const a = await open('a');
    const hash = await put(a.blobs, content);
    await query("UPDATE piece SET data = data || 'x' WHERE at = 1048576");

    await expect(readAll(a.blobs, hash)).rejects.toThrow(/other bytes than were uploaded at 0; restore it/);
  });

  test('is given also when no copy of it can be kept', async () => {
    const a = await open('a', 0);
    const hash = await put(a.blobs, content);
    await rm(a.cache, { recursive: true });
    await writeFile(a.cache, 'no folder');

    expect((await readAll(a.blobs, hash)).equals(content)).toBe(true);
  });
});
