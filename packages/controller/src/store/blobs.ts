// Owns content on disk: blobs/aa/<sha256> and uploads/<id>, beside the index in the database.
// I1: a blob that is indexed is on the disk, whole and verified: fsync and rename come before the index.
// I2: one append at a time per upload; what is written stays, also when the sender is cut off.
// I3: an upload begins only if what all uploads still lack, and the reserve, fits on the disk. One that nobody has
//     gone on with for `idleMs` holds no room.
// I4: at most `maxUploads` are kept, none older than `uploadLifeMs`: the one left longest gives way.
// I5: who asks for content by `use` or finishes an upload of it finds it there afterwards: its time is renewed by the
//     thread that removes, and a file is not put where one is being taken away.
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { faultOf, toDiskRefusal } from '../platform/disk-refusal.ts';
import { newId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { BlobHash, chunkSizeBytes } from './blob-hash.ts';
import type { UploadRow } from './sql/blobs.ts';
import type { BlobRow, BlobStore } from './store.ts';
import type { Threads } from './threads.ts';

interface Upload {
  readonly row: UploadRow;
  /** Of the bytes that are there; undefined after a restart until the file has been read again. */
  hash: BlobHash | undefined;
  reading: Promise<BlobHash> | undefined;
  busy: boolean;
  usedAtMs: number;
}

interface Deps {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly threads: () => Threads;
  /** Bytes of the disk that uploads never use. */
  readonly reserveBytes: number;
}

const uploadLifeMs = 7 * 24 * 3600 * 1000;
const idleMs = 3600 * 1000;
const maxUploads = 2_048;
/** A time younger than this is as good as now: most who ask cost no write. */
const renewMs = 600_000;

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const fileSize = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
};

const hashFile = async (path: string): Promise<BlobHash> => {
  const hash = new BlobHash();
  for await (const data of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(data);
  return hash;
};

const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

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

class Blobs implements BlobStore {
  readonly #deps: Deps;
  /** The one used longest ago first. */
  readonly #uploads = new Map<string, Upload>();
  /** By sha256 (I5). */
  readonly #removing = new Map<string, Promise<unknown>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Makes the directories, and brings files and index to agree after a stop at any line. */
  async open(): Promise<void> {
    for (const name of ['blobs', 'uploads']) {
      await mkdir(join(this.#deps.dataDir, name), { recursive: true, mode: 0o700 });
      await chmod(join(this.#deps.dataDir, name), 0o700);
    }
    await this.#loadUploads();
    await this.#removeStrangers();
  }

  async #loadUploads(): Promise<void> {
    const usedAtMs = this.#deps.clock.nowMs();
    const oldest = usedAtMs - uploadLifeMs;
    for (const row of await this.#deps.threads().read('blobs.uploads', undefined)) {
      const alive = row.createdAtMs >= oldest && (await fileSize(this.#uploadPath(row.id))) !== undefined;
      const upload = { row, hash: undefined, reading: undefined, busy: false, usedAtMs };
      if (alive) this.#uploads.set(row.id, upload);
      else await this.#forget(row.id);
    }
    for (const file of await readdir(join(this.#deps.dataDir, 'uploads'))) {
      if (!this.#uploads.has(file)) await rm(join(this.#deps.dataDir, 'uploads', file), { force: true });
    }
  }

  async #removeStrangers(): Promise<void> {
    const known = new Set(await this.#deps.threads().read('blobs.list', undefined));
    const root = join(this.#deps.dataDir, 'blobs');
    for (const folder of await readdir(root)) {
      for (const file of await readdir(join(root, folder))) {
        if (!known.has(file)) await rm(join(root, folder, file), { force: true });
      }
    }
  }

  async #forget(id: string): Promise<void> {
    this.#uploads.delete(id);
    await this.#deps.threads().write('blobs.forget', id);
    await rm(this.#uploadPath(id), { force: true });
  }

  #uploadPath(id: string): string {
    return join(this.#deps.dataDir, 'uploads', id);
  }

  get(sha256: string): Promise<BlobRow | undefined> {
    return this.#deps.threads().read('blobs.get', sha256);
  }

  path(sha256: string): string {
    if (!isSha256(sha256)) throw new ApiError('BadRequest', `cannot find content "${sha256}": not a sha256`);
    return join(this.#deps.dataDir, 'blobs', sha256.slice(0, 2), sha256);
  }

  async beginUpload(sizeBytes: number, nowMs: number): Promise<string> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new ApiError('BadRequest', 'cannot begin the upload: sizeBytes must be a whole number from 0');
    }
    await this.#checkSpace(sizeBytes, nowMs);
    const row = { id: newId(), sizeBytes, createdAtMs: nowMs };
    const upload = { row, hash: new BlobHash(), reading: undefined, busy: false, usedAtMs: nowMs };
    this.#uploads.set(row.id, upload);
    try {
      await this.#makeRoom(nowMs);
      const handle = await open(this.#uploadPath(row.id), 'wx', 0o600);
      await handle.close();
      await this.#deps.threads().write('blobs.begin', row);
    } catch (error) {
      this.#uploads.delete(row.id);
      throw error;
    }
    return row.id;
  }

  removeOldUploads(nowMs: number): Promise<number> {
    return this.#makeRoom(nowMs);
  }

  /** I4; what is being written stays. Returns how many are forgotten. */
  async #makeRoom(nowMs: number): Promise<number> {
    let excess = this.#uploads.size - maxUploads;
    let forgotten = 0;
    for (const [id, { row, busy }] of [...this.#uploads]) {
      if (busy || (excess <= 0 && row.createdAtMs >= nowMs - uploadLifeMs)) continue;
      excess -= 1;
      forgotten += 1;
      await this.#forget(id);
    }
    return forgotten;
  }

  async #checkSpace(sizeBytes: number, nowMs: number): Promise<void> {
    const disk = await statfs(this.#deps.dataDir);
    const freeBytes = disk.bavail * disk.bsize;
    let promised = 0;
    for (const { row, hash, busy, usedAtMs } of this.#uploads.values()) {
      if (!busy && usedAtMs < nowMs - idleMs) continue;
      const have = hash?.sizeBytes ?? (await fileSize(this.#uploadPath(row.id))) ?? 0;
      promised += Math.max(0, row.sizeBytes - have);
    }
    const usable = freeBytes - promised - this.#deps.reserveBytes;
    if (sizeBytes <= usable) return;
    const why = `it needs ${sizeBytes} bytes and ${Math.max(0, usable)} can be used on the disk of ${this.#deps.dataDir}`;
    throw new ApiError('InsufficientStorage', `cannot begin the upload: ${why}; free some space there`);
  }

  #upload(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload !== undefined) return upload;
    throw new ApiError('NotFound', `cannot find upload "${id}": it is finished, expired or was never begun`);
  }

  async uploadOffset(id: string): Promise<number> {
    return (await this.#hashed(this.#upload(id))).sizeBytes;
  }

  async #hashed(upload: Upload): Promise<BlobHash> {
    if (upload.hash !== undefined) return upload.hash;
    upload.reading ??= hashFile(this.#uploadPath(upload.row.id));
    upload.hash = await upload.reading;
    return upload.hash;
  }

  /** Runs alone on the upload (I2). */
  async #alone<T>(id: string, run: (upload: Upload) => Promise<T>): Promise<T> {
    const upload = this.#upload(id);
    if (upload.busy) {
      throw new ApiError('Conflict', `cannot write upload "${id}": another request is writing it; try again`);
    }
    upload.busy = true;
    try {
      return await run(upload);
    } finally {
      upload.busy = false;
      this.#touch(id, upload);
    }
  }

  #touch(id: string, upload: Upload): void {
    upload.usedAtMs = this.#deps.clock.nowMs();
    if (this.#uploads.delete(id)) this.#uploads.set(id, upload);
  }

  appendUpload(id: string, offset: number, data: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#alone(id, async (upload) => {
      const hash = await this.#hashed(upload);
      if (hash.sizeBytes !== offset) {
        const why = `the next byte is ${hash.sizeBytes}, not ${offset}`;
        throw new ApiError('Conflict', `cannot append to upload "${id}": ${why}`);
      }
      await this.#append(upload, hash, data);
      return hash.sizeBytes;
    });
  }

  async #append(upload: Upload, hash: BlobHash, data: AsyncIterable<Uint8Array>): Promise<void> {
    const handle = await open(this.#uploadPath(upload.row.id), 'r+');
    try {
      for await (const piece of data) {
        if (hash.sizeBytes + piece.length > upload.row.sizeBytes) {
          const why = `it would be longer than the ${upload.row.sizeBytes} bytes that were announced`;
          throw new ApiError('RequestEntityTooLarge', `cannot append to upload "${upload.row.id}": ${why}`);
        }
        await writeWhole(handle, piece, hash.sizeBytes);
        hash.update(piece);
      }
    } catch (error) {
      // A write may have put down a part that is not hashed: keep exactly what is.
      await handle.truncate(hash.sizeBytes).catch((again: unknown) => {
        throw toStorageError(again);
      });
      throw toStorageError(error);
    } finally {
      await handle.close();
    }
  }

  async finishUpload(id: string, sha256: string, nowMs: number): Promise<BlobRow> {
    const target = this.path(sha256);
    await this.#removing.get(sha256);
    const known = await this.use(sha256, nowMs);
    if (known !== undefined) {
      if (this.#uploads.has(id)) await this.#alone(id, () => this.#forget(id));
      return known;
    }
    return this.#alone(id, async (upload) => {
      const hash = await this.#hashed(upload);
      const { sha256: actual, chunks } = hash.result();
      this.#verify(upload, hash.sizeBytes, actual, sha256);
      if (actual !== sha256) {
        await this.#forget(id);
        const why = `what arrived has sha256 ${actual}; send it again`;
        throw new ApiError('Invalid', `cannot finish upload "${id}" as ${sha256}: ${why}`);
      }
      const blob = { sha256, sizeBytes: hash.sizeBytes, chunkSizeBytes, chunks, createdAtMs: nowMs };
      // What is not indexed cannot be begun to be removed; what was begun has ended then (I5).
      await this.#removing.get(sha256);
      await this.#place(id, target);
      await this.#deps.threads().write('blobs.finish', { uploadId: id, blob });
      this.#uploads.delete(id);
      return blob;
    });
  }

  #verify(upload: Upload, haveBytes: number, actual: string, sha256: string): void {
    if (haveBytes === upload.row.sizeBytes || actual === sha256) return;
    const why = `${haveBytes} of ${upload.row.sizeBytes} bytes have arrived; send the rest first`;
    throw new ApiError('Conflict', `cannot finish upload "${upload.row.id}": ${why}`);
  }

  async #place(id: string, target: string): Promise<void> {
    const handle = await open(this.#uploadPath(id), 'r+');
    await handle.sync().finally(() => handle.close());
    const folder = join(target, '..');
    await mkdir(folder, { recursive: true });
    await rename(this.#uploadPath(id), target);
    await syncDirectory(folder);
    await syncDirectory(join(folder, '..'));
  }

  async use(sha256: string, nowMs: number): Promise<BlobRow | undefined> {
    const known = await this.get(sha256);
    if (known === undefined || nowMs - known.createdAtMs < renewMs) return known;
    return this.#deps.threads().write('blobs.use', { sha256, nowMs });
  }

  unusedSince(beforeMs: number): Promise<readonly string[]> {
    return this.#deps.threads().read('blobs.unusedSince', beforeMs);
  }

  async remove(sha256: string, unusedSinceMs = Number.MAX_SAFE_INTEGER): Promise<boolean> {
    const path = this.path(sha256);
    await this.#removing.get(sha256);
    const removing = this.#remove(sha256, unusedSinceMs, path);
    this.#removing.set(sha256, removing);
    try {
      return await removing;
    } finally {
      this.#removing.delete(sha256);
    }
  }

  /** A stop between the two leaves a file that nothing knows: the next start takes it away. */
  async #remove(sha256: string, beforeMs: number, path: string): Promise<boolean> {
    const isRemoved = await this.#deps.threads().write('blobs.remove', { sha256, beforeMs });
    if (isRemoved) await rm(path, { force: true });
    return isRemoved;
  }
}

const toStorageError = (error: unknown): unknown => {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const why =
    fault === 'full' ? 'is full; free some space' : `cannot be written (${fault}); see the log of the kernel`;
  return toDiskRefusal(fault, `cannot append to the upload: the disk of the data directory ${why}`, error);
};

export const openBlobs = async (deps: Deps): Promise<BlobStore> => {
  const blobs = new Blobs(deps);
  await blobs.open();
  return blobs;
};
