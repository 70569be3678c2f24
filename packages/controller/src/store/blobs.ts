// Owns what is content, and the uploads that become it; content/bodies.ts has their bytes.
// I1: a blob that is indexed is there, whole and verified: its bytes are durable before the index.
// I2: one append at a time per upload; what is written stays, also when the sender is cut off.
// I3: an upload begins only if what all uploads still lack, and the reserve, fits. One that nobody has gone on with for `idleMs`
//     holds no room. How much of an upload is there is kept here, and never asked for one by one: of uploads that go on at other
//     controllers it is as old as the last look at them.
// I4: at most `maxUploads` are kept, none older than `uploadLifeMs`: the one left longest gives way.
// I5: who asks for content by `use` or finishes an upload of it finds it there afterwards: its time is renewed by the
//     thread that removes, and bytes are not put where some are being taken away.
// I6: an upload that was begun at another controller is gone on with here, from what is there.
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import { BlobHash, chunkSizeBytes } from './blob-hash.ts';
import type { Bodies } from './content/bodies.ts';
import type { UploadRow } from './sql/blobs.ts';
import type { BlobRow, BlobStore, ContentFile } from './store.ts';
import type { Threads } from './threads.ts';

interface Upload {
  readonly row: UploadRow;
  /** How much of it was there when all were looked at last. */
  haveBytes: number;
  /** Of the bytes that were there when it was last looked at; undefined until they have been read. */
  hash: BlobHash | undefined;
  reading: Promise<BlobHash> | undefined;
  isWritten: boolean;
  busy: boolean;
  usedAtMs: number;
}

interface Deps {
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly threads: () => Threads;
}

const uploadLifeMs = 7 * 24 * 3600 * 1000;
const idleMs = 3600 * 1000;
const maxUploads = 2_048;
/** A time younger than this is as good as now: most who ask cost no write. */
const renewMs = 600_000;
/** How often the uploads of other controllers are looked at: after so long, or so many that were begun here. */
const refreshMs = 600_000;
const refreshUploads = 100;

const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const checkSha256 = (sha256: string): void => {
  if (!isSha256(sha256)) throw new ApiError('BadRequest', `cannot find content "${sha256}": not a sha256`);
};

const noUpload = (id: string): ApiError =>
  new ApiError('NotFound', `cannot find upload "${id}": it is finished, expired or was never begun`);

class Blobs implements BlobStore {
  readonly #deps: Deps;
  readonly #bodies: Bodies;
  /** The one used longest ago first. */
  readonly #uploads = new Map<string, Upload>();
  /** By sha256 (I5). */
  readonly #removing = new Map<string, Promise<unknown>>();
  #refreshedAtMs = 0;
  #begun = 0;
  #loading: Promise<void> | undefined;
  /** Those that have ended while all were looked at. */
  #ended = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#bodies = deps.bodies;
  }

  /** Brings bytes and index to agree after a stop at any line. */
  async settle(): Promise<void> {
    const usedAtMs = this.#deps.clock.nowMs();
    await this.#loadUploads(usedAtMs);
    for (const [id, upload] of [...this.#uploads]) {
      const isAlive = upload.row.createdAtMs >= usedAtMs - uploadLifeMs;
      const haveBytes = this.#bodies.isShared ? upload.haveBytes : await this.#bodies.size(id);
      if (!isAlive || haveBytes === undefined) await this.#forget(id);
      else upload.haveBytes = haveBytes;
    }
    const blobs = new Set(await this.#deps.threads().read('blobs.list', undefined));
    await this.#bodies.settle({ uploads: new Set(this.#uploads.keys()), blobs });
  }

  /** Looks at all there are. */
  #loadUploads(nowMs: number): Promise<void> {
    this.#loading ??= this.#load(nowMs).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(nowMs: number): Promise<void> {
    this.#refreshedAtMs = nowMs;
    this.#ended = new Set();
    // What is begun meanwhile is not among the rows, and what ends meanwhile may be.
    const known = [...this.#uploads].filter(([, { busy }]) => !busy);
    const rows = await this.#deps.threads().read('blobs.uploads', undefined);
    const there = new Set(rows.map(({ id }) => id));
    for (const [id, { busy }] of known) if (!busy && !there.has(id)) this.#uploads.delete(id);
    for (const row of rows) {
      const upload = this.#uploads.get(row.id);
      if (upload !== undefined) upload.haveBytes = row.haveBytes;
      else if (!this.#ended.has(row.id)) this.#add(row, nowMs, undefined);
    }
  }

  #add(
    row: UploadRow & { readonly haveBytes?: number },
    usedAtMs: number,
    hash: BlobHash | undefined,
  ): Upload {
    const { haveBytes = 0 } = row;
    const upload: Upload = {
      ...{ row, haveBytes, hash, usedAtMs },
      ...{ reading: undefined, isWritten: false, busy: false },
    };
    this.#uploads.set(row.id, upload);
    return upload;
  }

  #end(id: string): void {
    this.#uploads.delete(id);
    if (this.#loading !== undefined) this.#ended.add(id);
  }

  async #forget(id: string): Promise<void> {
    this.#end(id);
    await this.#deps.threads().write('blobs.forget', id);
    await this.#bodies.dropUpload(id);
  }

  get(sha256: string): Promise<BlobRow | undefined> {
    return this.#deps.threads().read('blobs.get', sha256);
  }

  async open(sha256: string): Promise<ContentFile> {
    checkSha256(sha256);
    const blob = await this.get(sha256);
    if (blob !== undefined) return this.#bodies.open(blob);
    throw new ApiError('NotFound', `cannot find content ${sha256}: it is not here; upload it first`);
  }

  async beginUpload(sizeBytes: number, nowMs: number): Promise<string> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new ApiError('BadRequest', 'cannot begin the upload: sizeBytes must be a whole number from 0');
    }
    await this.#checkSpace(sizeBytes, nowMs);
    const row = { id: newId(), sizeBytes, createdAtMs: nowMs };
    const upload = this.#add(row, nowMs, new BlobHash());
    upload.busy = true; // until it is a row
    try {
      await this.#makeRoom(nowMs);
      await this.#bodies.begin(row.id);
      await this.#deps.threads().write('blobs.begin', row);
    } catch (error) {
      this.#uploads.delete(row.id);
      throw error;
    } finally {
      upload.busy = false;
    }
    return row.id;
  }

  removeOldUploads(nowMs: number): Promise<number> {
    return this.#makeRoom(nowMs);
  }

  /** I4; what is being written stays. Returns how many are forgotten. */
  async #makeRoom(nowMs: number): Promise<number> {
    if (this.#bodies.isShared) await this.#refresh(nowMs);
    let forgotten = 0;
    for (const [id, { row, busy }] of [...this.#uploads]) {
      // Several make room at once: what one of them has forgotten is room for the others as well.
      const isTooMany = this.#uploads.size > maxUploads;
      if (busy || (!isTooMany && row.createdAtMs >= nowMs - uploadLifeMs)) continue;
      if (!this.#uploads.has(id)) continue;
      forgotten += 1;
      await this.#forget(id);
    }
    return forgotten;
  }

  /** Looks at those of other controllers now and then: all together are about as many as I4 says. */
  async #refresh(nowMs: number): Promise<void> {
    this.#begun += 1;
    const isDue = this.#begun % refreshUploads === 0 || nowMs - this.#refreshedAtMs > refreshMs;
    if (isDue) await this.#loadUploads(nowMs);
  }

  async #checkSpace(sizeBytes: number, nowMs: number): Promise<void> {
    const { freeBytes, where } = await this.#bodies.room();
    let promised = 0;
    for (const { row, haveBytes, hash, busy, usedAtMs } of this.#uploads.values()) {
      if (!busy && usedAtMs < nowMs - idleMs) continue;
      promised += Math.max(0, row.sizeBytes - (hash?.sizeBytes ?? haveBytes));
    }
    const usable = freeBytes - promised;
    if (sizeBytes <= usable) return;
    const why = `it needs ${sizeBytes} bytes and ${Math.max(0, usable)} can be used ${where}`;
    throw new ApiError('InsufficientStorage', `cannot begin the upload: ${why}; free some space there`);
  }

  /** I6. */
  async #upload(id: string): Promise<Upload> {
    const known = this.#uploads.get(id);
    if (known !== undefined) return known;
    const row = this.#bodies.isShared ? await this.#deps.threads().read('blobs.upload', id) : undefined;
    if (row === undefined) throw noUpload(id);
    return this.#uploads.get(id) ?? this.#add(row, this.#deps.clock.nowMs(), undefined);
  }

  async uploadOffset(id: string): Promise<number> {
    const upload = await this.#upload(id);
    const hash = upload.isWritten ? upload.hash : undefined;
    return (hash ?? (await this.#hashed(upload))).sizeBytes;
  }

  #hashed(upload: Upload): Promise<BlobHash> {
    upload.reading ??= this.#readOn(upload).finally(() => {
      upload.reading = undefined;
    });
    return upload.reading;
  }

  /** The hash of what is there now: others may have gone on with it, and a database may have lost its end. */
  async #readOn(upload: Upload): Promise<BlobHash> {
    const { id } = upload.row;
    const size = await this.#bodies.size(id);
    if (size === undefined) {
      this.#uploads.delete(id);
      throw noUpload(id);
    }
    const isOn = upload.hash !== undefined && upload.hash.sizeBytes <= size;
    const hash = isOn && upload.hash !== undefined ? upload.hash : new BlobHash();
    upload.hash = undefined;
    if (hash.sizeBytes < size)
      for await (const data of this.#bodies.bytes(id, hash.sizeBytes, size)) hash.update(data);
    upload.hash = hash;
    return hash;
  }

  /** Runs alone on the upload (I2). */
  async #alone<T>(id: string, run: (upload: Upload) => Promise<T>): Promise<T> {
    const upload = await this.#upload(id);
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
      upload.isWritten = true;
      try {
        await this.#bodies.append(id, offset, hashing(upload.row, hash, data));
      } catch (error) {
        await this.#doubt(upload, hash, error);
        throw error;
      } finally {
        upload.isWritten = false;
      }
      return hash.sizeBytes;
    });
  }

  /** What was hashed and is not what is there (somebody else has written, or the database was lost) is read again. */
  async #doubt(upload: Upload, hash: BlobHash, error: unknown): Promise<void> {
    const isOthers = error instanceof ApiError && error.reason === 'Conflict';
    const size = isOthers ? undefined : await this.#bodies.size(upload.row.id).catch(() => undefined);
    if (size !== hash.sizeBytes) upload.hash = undefined;
  }

  async finishUpload(id: string, sha256: string, nowMs: number): Promise<BlobRow> {
    checkSha256(sha256);
    await this.#removing.get(sha256);
    const known = await this.use(sha256, nowMs);
    if (known !== undefined) {
      if (this.#uploads.has(id)) await this.#alone(id, () => this.#forget(id));
      return known;
    }
    try {
      return await this.#alone(id, (upload) => this.#finish(upload, sha256, nowMs));
    } catch (error) {
      // Another controller may have finished it since it was asked for.
      const isGone = error instanceof ApiError && error.reason === 'NotFound';
      const finished = isGone ? await this.use(sha256, nowMs) : undefined;
      if (finished === undefined) throw error;
      return finished;
    }
  }

  async #finish(upload: Upload, sha256: string, nowMs: number): Promise<BlobRow> {
    const { id } = upload.row;
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
    await this.#bodies.place(id, sha256);
    await this.#deps.threads().write('blobs.finish', { uploadId: id, blob });
    this.#end(id);
    return blob;
  }

  #verify(upload: Upload, haveBytes: number, actual: string, sha256: string): void {
    if (haveBytes === upload.row.sizeBytes || actual === sha256) return;
    const why = `${haveBytes} of ${upload.row.sizeBytes} bytes have arrived; send the rest first`;
    throw new ApiError('Conflict', `cannot finish upload "${upload.row.id}": ${why}`);
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
    checkSha256(sha256);
    await this.#removing.get(sha256);
    const removing = this.#remove(sha256, unusedSinceMs);
    this.#removing.set(sha256, removing);
    try {
      return await removing;
    } finally {
      this.#removing.delete(sha256);
    }
  }

  /** A stop between the two leaves bytes that nothing knows: the next start takes them away. */
  async #remove(sha256: string, beforeMs: number): Promise<boolean> {
    const isRemoved = await this.#deps.threads().write('blobs.remove', { sha256, beforeMs });
    if (isRemoved) await this.#bodies.dropContent(sha256);
    return isRemoved;
  }
}

/** The same pieces, hashed once they have been put down; not more than were announced. */
async function* hashing(
  { id, sizeBytes }: UploadRow,
  hash: BlobHash,
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of data) {
    if (hash.sizeBytes + piece.length > sizeBytes) {
      const why = `it would be longer than the ${sizeBytes} bytes that were announced`;
      throw new ApiError('RequestEntityTooLarge', `cannot append to upload "${id}": ${why}`);
    }
    yield piece;
    hash.update(piece);
  }
}

export const openBlobs = async (deps: Deps): Promise<BlobStore> => {
  const blobs = new Blobs(deps);
  await blobs.settle();
  return blobs;
};
