// Owns what a support bundle tells of the data directory: how much of what there is.
import type { Dirent } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

export interface Size {
  readonly files: number;
  readonly sizeBytes: number;
}

/** What is removed while it is looked at does not count. */
const orGone = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise;
    throw error;
  }
};

/** Links are not followed. */
const sizeOf = async (folder: string, entry: Dirent, signal: AbortSignal): Promise<Size> => {
  signal.throwIfAborted();
  const path = join(folder, entry.name);
  if (!entry.isDirectory()) {
    const found = await orGone(lstat(path), undefined);
    return found === undefined ? { files: 0, sizeBytes: 0 } : { files: 1, sizeBytes: found.size };
  }
  let [files, sizeBytes] = [0, 0];
  for (const inner of await orGone(readdir(path, { withFileTypes: true }), [])) {
    const size = await sizeOf(path, inner, signal);
    files += size.files;
    sizeBytes += size.sizeBytes;
  }
  return { files, sizeBytes };
};

/** Each file and folder directly below the data directory, with all that is in it; and the disk that it is on. */
export const measureStore = async (dataDir: string, signal: AbortSignal) => {
  const entries: Record<string, Size> = {};
  const found = await readdir(dataDir, { withFileTypes: true });
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1)))
    entries[entry.name] = await sizeOf(dataDir, entry, signal);
  const { bsize, blocks, bavail, files, ffree } = await statfs(dataDir);
  const disk = {
    totalBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    inodes: files,
    freeInodes: ffree,
  };
  return { dataDirectory: entries, disk };
};
