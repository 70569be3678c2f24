// Owns copies of content on this controller's disk, so that what many nodes pull is read from the database once. It may be lost at any
// moment, and holds whatever chunks were asked for.
// I1: a chunk is given only after its hash was seen to be that of the index, in this process: what a stop, a disk or somebody has
//     left in a file is found out, and fetched anew.
// I2: all files together take at most `boundBytes`, and leave `reserveBytes` of the disk: those not asked for longest give way. What
//     finds no room is given all the same.
// I3: of many who ask for a chunk at once one fetches it, and at most `maxFetches` chunks are fetched at a time: memory is bounded.
import { chmod, type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import type { BlobRow, ContentFile } from '../store.ts';

const maxFetches = 4;

/** Bytes of content from `from` and before `to`. */
export type Fetch = (sha256: string, from: number, to: number) => AsyncIterable<Uint8Array>;

interface Copy {
  readonly blob: BlobRow;
  /** Of the file: another one under its name is told by it. */
  readonly identity: string;
  /** Chunks that are in the file and good (I1). */
  readonly good: Set<number>;
  /** Chunk → its bytes, when they are in no file. */
  readonly fetching: Map<number, Promise<Uint8Array | undefined>>;
  sizeBytes: number;
  isDropped: boolean;
}

interface Deps {
  readonly directory: string;
  readonly boundBytes: number;
  readonly reserveBytes: number;
  readonly fetch: Fetch;
  readonly log: Log;
}

/** On another thread: a chunk is large. */
const sha256Of = async (data: Uint8Array<ArrayBuffer>): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', data)).toString('hex');

const notKept = 'cannot keep a copy of content on the disk: it is read from the database each time';

const newCopy = (blob: BlobRow, identity: string): Copy => ({
  ...{ blob, identity, good: new Set(), fetching: new Map(), sizeBytes: 0, isDropped: false },
});

/** As much as is there. */
const readPart = async (file: FileHandle, data: Uint8Array, position: number): Promise<number> => {
  let done = 0;
  while (done < data.length) {
    const { bytesRead } = await file.read(data, done, data.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
};

export class ContentCache {
  readonly #deps: Deps;
  /** The one asked for longest ago first. */
  readonly #copies = new Map<string, Copy>();
  /** Files that were there at the start, and nobody has asked for yet → their size. */
  readonly #found = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #fetches = 0;
  #sizeBytes = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks what is there; what is of no content that is `known` goes. */
  async open(known: ReadonlySet<string>): Promise<void> {
    const { directory } = this.#deps;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (!known.has(name)) await rm(path, { force: true });
      else this.#found.set(name, (await stat(path)).blocks * 512);
    }
    this.#sizeBytes = [...this.#found.values()].reduce((sum, size) => sum + size, 0);
  }

  async file(blob: BlobRow): Promise<ContentFile> {
    const path = join(this.#deps.directory, blob.sha256);
    try {
      const made = await open(path, 'a', 0o600);
      await made.close();
      const file = await open(path, 'r+');
      const { ino, birthtimeNs } = await file.stat({ bigint: true });
      return this.#reader(this.#use(blob, `${ino} ${birthtimeNs}`), file);
    } catch (err) {
      this.#deps.log.warn({ err }, notKept);
      return this.#reader(newCopy(blob, ''), undefined);
    }
  }

  /** What is known of the file, unless it is another one: somebody has taken the first away. */
  #use(blob: BlobRow, identity: string): Copy {
    const { sha256 } = blob;
    const known = this.#copies.get(sha256);
    const copy = known?.identity === identity ? known : newCopy(blob, identity);
    if (known === undefined) copy.sizeBytes = this.#found.get(sha256) ?? 0;
    else if (known !== copy) this.#forget(known);
    this.#found.delete(sha256);
    this.#copies.delete(sha256);
    this.#copies.set(sha256, copy);
    return copy;
  }

  #forget(copy: Copy): void {
    copy.isDropped = true;
    this.#sizeBytes -= copy.sizeBytes;
    this.#copies.delete(copy.blob.sha256);
  }

  #reader(copy: Copy, file: FileHandle | undefined): ContentFile {
    const { sizeBytes, chunkSizeBytes } = copy.blob;
    let last: { readonly chunk: number; readonly data: Uint8Array } | undefined;
    return {
      read: async (buffer, offset, length, position) => {
        const wanted = Math.min(length, sizeBytes - position);
        if (wanted <= 0) return { bytesRead: 0 };
        const chunk = Math.floor(position / chunkSizeBytes);
        if (last?.chunk !== chunk) {
          const data = copy.good.has(chunk) ? undefined : await this.#chunk(copy, file, chunk);
          last = data && { chunk, data };
        }
        const within = position - chunk * chunkSizeBytes;
        const count = Math.min(wanted, chunkSizeBytes - within);
        if (last !== undefined) {
          buffer.set(last.data.subarray(within, within + count), offset);
          return { bytesRead: count };
        }
        if (file === undefined)
          throw new Error('cannot read content: it is neither on the disk nor in memory');
        return file.read(buffer, offset, count, position);
      },
      close: async () => file?.close(),
    };
  }

  /** I3. Its bytes; undefined: they are in the file. */
  async #chunk(copy: Copy, file: FileHandle | undefined, chunk: number): Promise<Uint8Array | undefined> {
    const underWay = copy.fetching.get(chunk);
    if (underWay !== undefined) return underWay;
    const fetching = this.#inTurn(() => this.#fetch(copy, file, chunk)).finally(() =>
      copy.fetching.delete(chunk),
    );
    copy.fetching.set(chunk, fetching);
    return fetching;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#fetches >= maxFetches) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#fetches += 1;
    try {
      return await work();
    } finally {
      this.#fetches -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** I1. */
  async #fetch(copy: Copy, file: FileHandle | undefined, chunk: number): Promise<Uint8Array | undefined> {
    const { sha256, sizeBytes, chunkSizeBytes, chunks } = copy.blob;
    const from = chunk * chunkSizeBytes;
    const data = Buffer.allocUnsafeSlow(Math.min(chunkSizeBytes, sizeBytes - from));
    const isGood = async (): Promise<boolean> => (await sha256Of(data)) === chunks[chunk];
    if (file !== undefined && (await readPart(file, data, from)) === data.length && (await isGood())) {
      copy.good.add(chunk);
      return undefined;
    }
    let done = 0;
    for await (const piece of this.#deps.fetch(sha256, from, from + data.length)) {
      data.set(piece.subarray(0, data.length - done), done);
      done += piece.length;
    }
    if (done === data.length && (await isGood())) {
      const isKept = file !== undefined && (await this.#keep(copy, file, data, from));
      if (isKept) copy.good.add(chunk);
      return isKept ? undefined : data;
    }
    const why = `the database has other bytes than were uploaded at ${from}; restore it from a backup, or upload it again`;
    throw new ApiError('InternalError', `cannot read content ${sha256}: ${why}`);
  }

  /** I2. */
  async #keep(copy: Copy, file: FileHandle, data: Uint8Array, position: number): Promise<boolean> {
    if (copy.isDropped) return false;
    try {
      await this.#makeRoom(copy, data.length);
      if (!(await this.#fits(data.length))) return false;
      await file.write(data, 0, data.length, position);
    } catch (err) {
      this.#deps.log.warn({ err }, notKept);
      return false;
    }
    copy.sizeBytes += data.length;
    this.#sizeBytes += data.length;
    return true;
  }

  async #fits(bytes: number): Promise<boolean> {
    const { boundBytes, reserveBytes, directory } = this.#deps;
    if (this.#sizeBytes + bytes > boundBytes) return false;
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize - bytes > reserveBytes;
  }

  async #makeRoom(own: Copy, bytes: number): Promise<void> {
    const { boundBytes } = this.#deps;
    for (const sha256 of [...this.#found.keys(), ...this.#copies.keys()]) {
      if (this.#sizeBytes + bytes <= boundBytes) return;
      if (sha256 !== own.blob.sha256) await this.drop(sha256);
    }
  }

  /** Who reads it goes on. */
  async drop(sha256: string): Promise<void> {
    const copy = this.#copies.get(sha256);
    if (copy !== undefined) this.#forget(copy);
    this.#sizeBytes -= this.#found.get(sha256) ?? 0;
    this.#found.delete(sha256);
    await rm(join(this.#deps.directory, sha256), { force: true });
  }
}
