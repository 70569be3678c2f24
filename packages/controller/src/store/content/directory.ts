// Owns content in files of the data directory: blobs/aa/<sha256>, and uploads/<id>.
// I1: content has its name only when it is whole and durable: fsync and rename come before the index.
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { faultOf, toDiskRefusal } from '../../platform/disk-refusal.ts';
import { isMissing } from '../sealing/key-source.ts';
import type { ContentFile } from '../store.ts';
import type { Bodies } from './bodies.ts';

const readBytes = 1024 * 1024;

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const writeWhole = async (
  handle: Awaited<ReturnType<typeof open>>,
  data: Uint8Array,
  position: number,
): Promise<void> => {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
};

const toStorageError = (error: unknown): unknown => {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const why =
    fault === 'full' ? 'is full; free some space' : `cannot be written (${fault}); see the log of the kernel`;
  return toDiskRefusal(fault, `cannot append to the upload: the disk of the data directory ${why}`, error);
};

const makePrivate = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
};

const openContent = async (path: string, sha256: string): Promise<ContentFile> => {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (!isMissing(error)) throw error;
    const why = `it is not in ${path}; upload it again, or restore it from a backup`;
    throw new ApiError('NotFound', `cannot find content ${sha256}: ${why}`, undefined, error);
  }
};

/** Makes the directories. `reserveBytes` of the disk are never used. */
export const openDirectory = async (dataDir: string, reserveBytes: number): Promise<Bodies> => {
  const [blobs, uploads] = [join(dataDir, 'blobs'), join(dataDir, 'uploads')];
  const uploadAt = (upload: string): string => join(uploads, upload);
  const contentAt = (sha256: string): string => join(blobs, sha256.slice(0, 2), sha256);
  for (const folder of [blobs, uploads]) await makePrivate(folder);
  return {
    isShared: false,
    settle: async (known) => {
      for (const file of await readdir(uploads))
        if (!known.uploads.has(file)) await rm(join(uploads, file), { force: true });
      for (const folder of await readdir(blobs))
        for (const file of await readdir(join(blobs, folder)))
          if (!known.blobs.has(file)) await rm(join(blobs, folder, file), { force: true });
    },
    room: async () => {
      const disk = await statfs(dataDir);
      return { freeBytes: disk.bavail * disk.bsize - reserveBytes, where: `on the disk of ${dataDir}` };
    },
    begin: async (upload) => {
      const handle = await open(uploadAt(upload), 'wx', 0o600);
      await handle.close();
    },
    size: async (upload) => (await stat(uploadAt(upload)).catch(() => undefined))?.size,
    bytes: (upload, from, to) =>
      createReadStream(uploadAt(upload), { start: from, end: to - 1, highWaterMark: readBytes }),
    append: async (upload, at, data) => {
      const handle = await open(uploadAt(upload), 'r+');
      let end = at;
      try {
        for await (const piece of data) {
          await writeWhole(handle, piece, end);
          end += piece.length;
        }
      } catch (error) {
        // A write may have put down a part of a piece: keep exactly what is told.
        await handle.truncate(end).catch((again: unknown) => {
          throw toStorageError(again);
        });
        throw toStorageError(error);
      } finally {
        await handle.close();
      }
    },
    place: async (upload, sha256) => {
      const handle = await open(uploadAt(upload), 'r+');
      await handle.sync().finally(() => handle.close());
      const folder = join(contentAt(sha256), '..');
      await mkdir(folder, { recursive: true });
      await rename(uploadAt(upload), contentAt(sha256));
      await syncDirectory(folder);
      await syncDirectory(blobs);
    },
    dropUpload: (upload) => rm(uploadAt(upload), { force: true }),
    dropContent: (sha256) => rm(contentAt(sha256), { force: true }),
    open: ({ sha256 }) => openContent(contentAt(sha256), sha256),
    close: async () => undefined,
  };
};
