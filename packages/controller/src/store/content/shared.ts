// Owns content in the database that several controllers share: its bytes are pieces (postgres/pieces.ts), of which this
// controller's disk has copies (cache.ts).
// I1: an upload becomes content where it is: which body has the bytes of which content is said with the index, in one transaction,
//     and only if all of its bytes are there (sql/bodies.ts).
// I2: what is dropped is named in the transaction that drops it, and removed afterwards, by whoever is there.
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import { endOfCell, type Pieces, uploadOwner } from '../postgres/pieces.ts';
import type { Threads } from '../threads.ts';
import type { Bodies } from './bodies.ts';
import { ContentCache } from './cache.ts';

export interface SharedOptions {
  readonly dataDir: string;
  readonly pieces: Pieces;
  readonly threads: () => Threads;
  readonly log: Log;
  readonly reserveBytes: number;
  /** Most that copies take of the disk. */
  readonly cacheBytes: number;
  /** Most that content takes of the database. */
  readonly contentBytes: number;
}

/** How long what content takes of the database is as good as now: the bound is not exact, and many begin at once. */
const roomMs = 1_000;

/** Gathers what comes into pieces of up to one cell, and puts each down while the next is gathered. */
const putAll = async (
  pieces: Pieces,
  upload: string,
  from: number,
  data: AsyncIterable<Uint8Array>,
): Promise<void> => {
  let at = from;
  let cell = Buffer.allocUnsafeSlow(endOfCell(at) - at);
  let bytes = 0;
  let putting: Promise<void> = Promise.resolve();
  const put = async (isLast: boolean): Promise<void> => {
    const piece = { body: upload, at, data: cell.subarray(0, bytes), isLast };
    at += bytes;
    cell = Buffer.allocUnsafeSlow(endOfCell(at) - at);
    bytes = 0;
    await putting;
    putting = pieces.put(uploadOwner, piece);
    putting.catch(() => undefined); // the next one who waits hears of it
    if (isLast) await putting;
  };
  try {
    for await (const chunk of data)
      for (let done = 0; done < chunk.length; ) {
        // One that is full is put down when more comes: the last one is told apart by that.
        if (bytes === cell.length) await put(false);
        const part = chunk.subarray(done, done + cell.length - bytes);
        cell.set(part, bytes);
        bytes += part.length;
        done += part.length;
      }
  } finally {
    if (bytes > 0) await put(true);
    await putting;
  }
};

/** Removes what was dropped and is still there (I2). */
const removeDropped = async (pieces: Pieces, threads: Threads, signal: AbortSignal): Promise<void> => {
  for (const body of await threads.read('bodies.dropped', undefined)) {
    if (signal.aborted) return; // the next start, or another controller, goes on
    await pieces.remove(body);
    await threads.write('bodies.removed', body);
  }
};

export const openShared = (options: SharedOptions): Bodies => {
  const { pieces, threads, log } = options;
  const bodyOf = async (sha256: string): Promise<string> => {
    const body = await threads().read('bodies.of', sha256);
    if (body !== undefined) return body;
    throw new ApiError('NotFound', `cannot find content ${sha256}: it was removed; upload it again`);
  };
  const cache = new ContentCache({
    ...{ boundBytes: options.cacheBytes, reserveBytes: options.reserveBytes, log },
    directory: join(options.dataDir, 'content-cache'),
    fetch: async function* (sha256, from, to) {
      yield* pieces.bytes(await bodyOf(sha256), from, to);
    },
  });
  let used = { askedAt: Number.NEGATIVE_INFINITY, bytes: Promise.resolve(0) };
  let removing: Promise<void> = Promise.resolve();
  let isDue = false;
  const stop = new AbortController();
  const removeLater = (): void => {
    if (isDue) return;
    isDue = true;
    removing = removing
      .then(() => {
        isDue = false;
        return removeDropped(pieces, threads(), stop.signal);
      })
      .catch((err: unknown) =>
        log.warn({ err }, 'cannot remove the bytes of content now: it is tried again'),
      );
  };
  return {
    isShared: true,
    settle: async ({ blobs }) => {
      await cache.open(blobs);
      removeLater();
    },
    room: async () => {
      const isOld = performance.now() - used.askedAt > roomMs;
      if (isOld) used = { askedAt: performance.now(), bytes: threads().read('bodies.sizeBytes', undefined) };
      const freeBytes = options.contentBytes - (await used.bytes);
      return { freeBytes, where: 'for content in the database (--content-gib)' };
    },
    begin: async () => undefined,
    size: async (upload) =>
      (await threads().read('blobs.upload', upload)) === undefined ? undefined : pieces.size(upload),
    bytes: (upload, from, to) => pieces.bytes(upload, from, to),
    append: (upload, at, data) => putAll(pieces, upload, at, data),
    place: async () => undefined,
    dropUpload: async () => removeLater(),
    dropContent: async (sha256) => {
      removeLater();
      await cache.drop(sha256);
    },
    open: (blob) => cache.file(blob),
    close: () => {
      stop.abort();
      return removing;
    },
  };
};
