import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { BlobStore } from '../store.ts';
import type { Opener } from './harness.ts';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function* pieces(data: Uint8Array, size = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

async function* broken(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
  throw new Error('cut off');
}

/** All of a content, as the gateway reads it: some at a time, to the end. */
export const readAll = async (blobs: Pick<BlobStore, 'open'>, hash: string): Promise<Buffer> => {
  const file = await blobs.open(hash);
  const parts: Buffer[] = [];
  try {
    for (let at = 0, bytes = 1; bytes > 0; at += bytes) {
      const part = Buffer.alloc(1_000_000);
      bytes = (await file.read(part, 0, part.length, at)).bytesRead;
      parts.push(part.subarray(0, bytes));
    }
  } finally {
    await file.close();
  }
  return Buffer.concat(parts);
};

const chunkSize = 4 * 1024 * 1024;

/** Nine and a bit MiB that do not repeat. */
const content = Buffer.alloc(9_500_000, 0).map((_, i) => (i * 2654435761) >>> 24);

export const blobContract = (stores: Opener): void => {
  describe('blobs', () => {
    test('an upload cut off and resumed after a restart ends whole, with the hash of each chunk', async () => {
      const { blobs: first } = await stores.fresh();
      const id = await first.beginUpload(content.length, systemClock.nowMs());
      await expect(first.appendUpload(id, 0, broken(content.subarray(0, 5_000_000)))).rejects.toThrow(
        'cut off',
      );
      expect(await first.uploadOffset(id)).toBe(5_000_000);

      const { blobs } = await stores.again();
      expect(await blobs.uploadOffset(id)).toBe(5_000_000);
      await expect(blobs.appendUpload(id, 4, pieces(content))).rejects.toMatchObject({ reason: 'Conflict' });
      expect(await blobs.appendUpload(id, 5_000_000, pieces(content.subarray(5_000_000)))).toBe(
        content.length,
      );
      const row = await blobs.finishUpload(id, sha256(content), 7);

      expect(row.chunks).toEqual(
        [0, 1, 2].map((i) => sha256(content.subarray(i * chunkSize, (i + 1) * chunkSize))),
      );
      expect(row).toMatchObject({ sizeBytes: content.length, chunkSizeBytes: chunkSize, createdAtMs: 7 });
      expect(await blobs.get(row.sha256)).toEqual(row);
      expect((await readAll(blobs, row.sha256)).equals(content)).toBe(true);
      expect(await blobs.finishUpload(id, row.sha256, 8)).toEqual(row);
    });

    test('what has the wrong hash is refused and thrown away', async () => {
      const { blobs } = await stores.fresh();
      const id = await blobs.beginUpload(3, systemClock.nowMs());
      await blobs.appendUpload(id, 0, pieces(Buffer.from('abc')));

      await expect(blobs.finishUpload(id, sha256(Buffer.from('abd')), 1)).rejects.toMatchObject({
        reason: 'Invalid',
      });
      await expect(blobs.uploadOffset(id)).rejects.toMatchObject({ reason: 'NotFound' });
    });

    test('more than was announced, or less, is refused without losing what is there', async () => {
      const { blobs } = await stores.fresh();
      const id = await blobs.beginUpload(4, systemClock.nowMs());
      await expect(blobs.appendUpload(id, 0, pieces(Buffer.from('abcde'), 3))).rejects.toMatchObject({
        reason: 'RequestEntityTooLarge',
      });

      await expect(blobs.finishUpload(id, sha256(Buffer.from('abcd')), 1)).rejects.toMatchObject({
        reason: 'Conflict',
      });
      expect(await blobs.appendUpload(id, 3, pieces(Buffer.from('d')))).toBe(4);
      expect((await blobs.finishUpload(id, sha256(Buffer.from('abcd')), 1)).sizeBytes).toBe(4);
    });

    test('what would fill up the disk is refused before a byte is sent', async () => {
      const { blobs } = await stores.fresh();

      await expect(blobs.beginUpload(Number.MAX_SAFE_INTEGER, systemClock.nowMs())).rejects.toMatchObject({
        reason: 'InsufficientStorage',
      });
    });

    test('an upload that nobody goes on with does not keep the disk from others', async () => {
      const { blobs } = await stores.fresh();
      const nowMs = systemClock.nowMs();
      const refusal = await blobs.beginUpload(Number.MAX_SAFE_INTEGER, nowMs).catch(String);
      const most = Math.floor(Number(/ and (\d+) can be used/.exec(refusal)?.[1]) * 0.6);
      const id = await blobs.beginUpload(most, nowMs);
      await expect(blobs.beginUpload(most, nowMs)).rejects.toMatchObject({ reason: 'InsufficientStorage' });

      await blobs.beginUpload(most, nowMs + 2 * 3_600_000);
      expect(await blobs.appendUpload(id, 0, pieces(Buffer.from('goes on')))).toBe(7);
      await blobs.beginUpload(1, nowMs + 8 * 86_400_000);
      await expect(blobs.uploadOffset(id)).rejects.toMatchObject({ reason: 'NotFound' });
    });

    test('of very many uploads the one that was left longest gives way', async () => {
      const { blobs } = await stores.fresh();
      const nowMs = systemClock.nowMs();
      const [left, used] = [await blobs.beginUpload(9, nowMs), await blobs.beginUpload(9, nowMs)];
      await blobs.appendUpload(used, 0, pieces(Buffer.from('in use')));
      for (let i = 0; i < 2_048; i += 64)
        await Promise.all(Array.from({ length: 64 }, () => blobs.beginUpload(0, nowMs)));

      await expect(blobs.uploadOffset(left)).rejects.toMatchObject({ reason: 'NotFound' });
      await expect(blobs.uploadOffset(used)).rejects.toMatchObject({ reason: 'NotFound' });
      const last = await blobs.beginUpload(1, nowMs);
      expect(await blobs.uploadOffset(last)).toBe(0);
    });

    test('two senders of one upload do not mix, and empty content is content', async () => {
      const { blobs } = await stores.fresh();
      const id = await blobs.beginUpload(content.length, systemClock.nowMs());
      const both = await Promise.allSettled([
        blobs.appendUpload(id, 0, pieces(content)),
        blobs.appendUpload(id, 0, pieces(content)),
      ]);
      expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await blobs.finishUpload(id, sha256(content), 1)).sizeBytes).toBe(content.length);

      const empty = await blobs.beginUpload(0, systemClock.nowMs());
      expect(await blobs.finishUpload(empty, sha256(Buffer.alloc(0)), 1)).toMatchObject({ chunks: [] });
    });

    test('a removed blob is gone, and nothing is opened by another name than a hash', async () => {
      const { blobs } = await stores.fresh();
      const id = await blobs.beginUpload(1, systemClock.nowMs());
      await blobs.appendUpload(id, 0, pieces(Buffer.from('x')));
      const { sha256: hash } = await blobs.finishUpload(id, sha256(Buffer.from('x')), 1);

      expect(await blobs.remove(hash)).toBe(true);
      expect(await blobs.remove(hash)).toBe(false);

      expect(await blobs.get(hash)).toBeUndefined();
      await expect(blobs.open(hash)).rejects.toMatchObject({ reason: 'NotFound' });
      await expect(blobs.open('../../etc/passwd')).rejects.toThrow('not a sha256');
    });

    test('what was asked for since is not removed, and what nobody asked for is told the oldest first', async () => {
      const { blobs } = await stores.fresh();
      const put = async (text: string, nowMs: number): Promise<string> => {
        const id = await blobs.beginUpload(text.length, nowMs);
        await blobs.appendUpload(id, 0, pieces(Buffer.from(text)));
        return (await blobs.finishUpload(id, sha256(Buffer.from(text)), nowMs)).sha256;
      };
      const [late, early] = [await put('late', 2_000_000), await put('early', 1_000_000)];
      expect(await blobs.unusedSince(3_000_000)).toEqual([early, late]);
      await Promise.all([blobs.use(early, 9_000_000), blobs.remove(late, 3_000_000)]);

      expect(await blobs.remove(early, 3_000_000)).toBe(false);
      const again = (await stores.again()).blobs;
      expect(await again.unusedSince(10_000_000)).toEqual([early]);
      expect(await again.use(late, 9_000_000)).toBeUndefined();
    });

    test('content that is uploaded while the same is removed is there in the end, whole', async () => {
      const { blobs } = await stores.fresh();
      const data = Buffer.from('both');
      const hash = sha256(data);
      const upload = async (nowMs: number): Promise<string> => {
        const id = await blobs.beginUpload(data.length, nowMs);
        await blobs.appendUpload(id, 0, pieces(data));
        return id;
      };
      await blobs.finishUpload(await upload(1), hash, 1);
      for (let round = 1; round <= 20; round++) {
        const nowMs = round * 1_000_000;
        const id = await upload(nowMs);
        await Promise.all([blobs.remove(hash, nowMs), blobs.finishUpload(id, hash, nowMs)]);
        expect(await blobs.get(hash)).toBeDefined();
        expect((await readAll(blobs, hash)).equals(data)).toBe(true);
      }
    });
  });
};
