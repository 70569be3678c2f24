// Owns the files of an installation, as a backup holds them: by paths under the data directory (keys, recordings of shells,
// blobs), read and put back one after another.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApiError } from '@drover/api';
import { isMissing } from '../sealing/key-source.ts';
import type { FileWish } from '../sql/files.ts';
import { anotherCopy, refuseBackup } from './container.ts';

export interface FileSource {
  /** Paths of the files in `folder`, sorted. Blobs are told by the rows. */
  list(folder: 'keys' | 'recordings'): Promise<readonly string[]>;
  /** Up to the size that it has now: a recording may go on. */
  open(path: string): Promise<{ readonly sizeBytes: number; readonly data: AsyncIterable<Buffer> }>;
}

/** Takes files one after another. */
export interface FileTarget {
  begin(path: string): Promise<void>;
  add(data: Buffer): Promise<void>;
  /** What was begun, if anything, is whole; it is made durable. */
  end(): Promise<void>;
  /** What was begun is given up. */
  close(): Promise<void>;
}

const pieceBytes = 256 * 1024;

const suffixes = { keys: '.pem', recordings: '.cast' } as const;

export const blobPath = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`;

/** Paths that a backup may hold; others are refused when it is restored. */
const isContentPath = (path: string): boolean =>
  /^(?:keys\/[a-z0-9-]+\.pem|recordings\/[0-9a-z]{26}\.cast|blobs\/([0-9a-f]{2})\/\1[0-9a-f]{62})$/.test(
    path,
  );

async function* read(path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  if (sizeBytes > 0) yield* createReadStream(path, { end: sizeBytes - 1, highWaterMark: pieceBytes });
}

/** Those of a data directory. */
export const filesOf = (dataDir: string): FileSource => ({
  list: async (folder) => {
    const names = await readdir(join(dataDir, folder)).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names
      .filter((name) => name.endsWith(suffixes[folder]))
      .sort()
      .map((name) => `${folder}/${name}`);
  },
  open: async (path) => {
    const from = join(dataDir, path);
    const { size: sizeBytes } = await stat(from).catch((error: unknown) => {
      const why = isMissing(error) ? 'it is not there' : String(error);
      throw new ApiError('InternalError', `cannot copy ${from}: ${why}; restore it, then try again`);
    });
    return { sizeBytes, data: read(from, sizeBytes) };
  },
});

/** Makes them under `root`. */
export class FileWriter implements FileTarget {
  readonly #root: string;
  #file: FileHandle | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async begin(path: string): Promise<void> {
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    this.#file = await open(target, 'wx', 0o600);
  }

  async add(data: Buffer): Promise<void> {
    await this.#file?.writeFile(data);
  }

  async end(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.sync().finally(() => file.close());
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** What a shared database says of the rows that are files elsewhere (sql/files.ts). */
export interface RowFiles {
  list: FileSource['list'];
  size(path: string): Promise<number | undefined>;
  bytes(wish: FileWish): Promise<ArrayBuffer>;
}

const missing = (path: string, why: string): ApiError =>
  new ApiError('InternalError', `cannot copy ${path} of the database: ${why}; restore it, then try again`);

async function* readRows(rows: RowFiles, path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < sizeBytes; ) {
    const data = Buffer.from(await rows.bytes({ path, at })).subarray(0, sizeBytes - at);
    if (data.length === 0) throw missing(path, `its bytes from ${at} on are not there`);
    yield data;
    at += data.length;
  }
}

/** Those of a database that several controllers share. */
export const filesOfRows = (rows: RowFiles): FileSource => ({
  list: (folder) => rows.list(folder),
  open: async (path) => {
    const sizeBytes = await rows.size(path);
    if (sizeBytes === undefined) throw missing(path, 'it is not there');
    return { sizeBytes, data: readRows(rows, path, sizeBytes) };
  },
});

/** What every file that is taken over must be: one that belongs here, and a blob what its name says. */
export class FileCheck {
  #file: { readonly path: string; readonly hash: Hash } | undefined;

  begin(path: string): void {
    if (!isContentPath(path))
      throw refuseBackup(`it holds a file "${path}", which has no place here; ${anotherCopy}`);
    this.#file = { path, hash: createHash('sha256') };
  }

  add(data: Buffer): void {
    this.#file?.hash.update(data);
  }

  end(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined || !file.path.startsWith('blobs/')) return;
    if (file.path.endsWith(file.hash.digest('hex'))) return;
    throw new ApiError(
      'Invalid',
      `cannot take over content ${file.path.slice(9)}: it holds other bytes than its name says; ${anotherCopy}`,
    );
  }
}
