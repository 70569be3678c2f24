// Owns writing a manifest and its content to the local disk.
// I1: every file is written beside its place, verified by its sha256, and renamed into place whole.
// I2: nothing is written outside the target: parseManifest checked the names, and every directory on the way is
//     looked at without following links before anything is made in it.
// I3: constant memory: the content is read once, in order, going on after a cut.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import type { ManifestEntry, ManifestHead } from '@drover/client/manifest';
import { Failure } from '../failure.ts';
import { decodeName } from './names.ts';

export interface Restore {
  readonly head: ManifestHead;
  readonly entries: readonly ManifestEntry[];
  /** Where the root goes. */
  readonly target: Buffer;
  /** The content from a byte on. */
  readonly open: (offset: number) => AsyncIterable<Uint8Array>;
  readonly onBytes: (count: number) => void;
}

const slash = Buffer.from('/');
const pathOf = (target: Buffer, entry: ManifestEntry): Buffer =>
  entry.path === '' ? target : Buffer.concat([target, slash, decodeName(entry.path)]);

/** Half a microsecond more, unless it is whole: as a float of seconds the time must not end up below its millisecond. */
const secondsOf = ({ mtimeMs }: ManifestEntry): number =>
  mtimeMs % 1000 === 0 ? mtimeMs / 1000 : (mtimeMs + 0.0005) / 1000;

/** Beside the file, where rename works; short, since a name of 255 bytes can take no ending. */
const partPathOf = (path: Buffer): Buffer => {
  const end = path.lastIndexOf(slash) + 1;
  const mark = createHash('sha256').update(path.subarray(end)).digest('hex').slice(0, 24);
  return Buffer.concat([path.subarray(0, end), Buffer.from(`.drover-part-${mark}`)]);
};

/** Gives exactly the asked bytes of a stream, one range after the other. */
class ContentReader {
  readonly #open: Restore['open'];
  #stream: AsyncIterator<Uint8Array> | undefined;
  #rest: Uint8Array = new Uint8Array();
  #offset = 0;

  constructor(open: Restore['open']) {
    this.#open = open;
  }

  async *read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (this.#stream === undefined || offset !== this.#offset) await this.#seek(offset);
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#stream?.next();
        if (next === undefined || next.done === true)
          throw new Failure('cannot receive the content: it is shorter than its manifest says');
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.#offset += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async #seek(offset: number): Promise<void> {
    await this.close();
    this.#offset = offset;
    this.#stream = this.#open(offset)[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#stream?.return?.(undefined);
    this.#stream = undefined;
    this.#rest = new Uint8Array();
  }
}

const kindAt = (path: Buffer): 'none' | 'directory' | 'other' => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'none';
  return stat.isDirectory() ? 'directory' : 'other';
};

const makeDirectory = (path: Buffer, shown: string): void => {
  const kind = kindAt(path);
  if (kind === 'other') throw new Failure(`cannot write ${shown}: something that is no directory is there`);
  if (kind === 'none') mkdirSync(path, { mode: 0o700 });
};

const writeAll = (file: number, data: Uint8Array, position: number): void => {
  for (let done = 0; done < data.length; )
    done += writeSync(file, data, done, data.length - done, position + done);
};

/** Writes stored bytes to where they belong in the file. */
const writeData = async (
  file: number,
  entry: ManifestEntry,
  reader: ContentReader,
  onBytes: (count: number) => void,
): Promise<void> => {
  const hash = createHash('sha256');
  const size = entry.size ?? 0;
  let offset = entry.offset ?? 0;
  for (const [from, length] of entry.extents ?? [[0, size] as const]) {
    let position = from;
    if (length === 0) continue;
    for await (const piece of reader.read(offset, length)) {
      hash.update(piece);
      writeAll(file, piece, position);
      position += piece.length;
      onBytes(piece.length);
    }
    offset += length;
  }
  if (hash.digest('hex') !== entry.sha256)
    throw new Failure(`cannot write ${entry.path}: what arrived is not what was sent (sha256 differs)`);
  ftruncateSync(file, size);
};

const writeFile = async (path: Buffer, entry: ManifestEntry, reader: ContentReader, restore: Restore) => {
  if (kindAt(path) === 'directory') throw new Failure(`cannot write ${entry.path}: a directory is there`);
  const part = partPathOf(path);
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', 0o600);
  try {
    await writeData(file, entry, reader, restore.onBytes);
    fsyncSync(file);
  } catch (error) {
    closeSync(file);
    unlinkSync(part);
    throw error;
  }
  closeSync(file);
  chmodSync(part, Number.parseInt(entry.mode, 8) & 0o777);
  utimesSync(part, secondsOf(entry), secondsOf(entry));
  renameSync(part, path);
};

const writeSymlink = (path: Buffer, entry: ManifestEntry): void => {
  if (kindAt(path) === 'directory') throw new Failure(`cannot write ${entry.path}: a directory is there`);
  const part = partPathOf(path);
  rmSync(part, { force: true });
  symlinkSync(decodeName(entry.target ?? ''), part);
  lutimesSync(part, secondsOf(entry), secondsOf(entry));
  renameSync(part, path);
};

/**
 * Writes everything; existing files are replaced, files that are not in the manifest stay. Set-user-id bits are
 * not taken over: what comes from a node belongs to whoever pulls it.
 */
export const restoreContent = async (restore: Restore): Promise<void> => {
  const reader = new ContentReader(restore.open);
  const directories: { readonly path: Buffer; readonly entry: ManifestEntry }[] = [];
  try {
    for (const entry of restore.entries) {
      const path = pathOf(restore.target, entry);
      if (entry.type === 'directory') {
        makeDirectory(path, entry.path);
        directories.push({ path, entry });
      } else if (entry.type === 'symlink') writeSymlink(path, entry);
      else await writeFile(path, entry, reader, restore);
    }
  } finally {
    await reader.close();
  }
  for (const { path, entry } of directories.reverse()) {
    chmodSync(path, Number.parseInt(entry.mode, 8) & 0o777);
    utimesSync(path, secondsOf(entry), secondsOf(entry));
  }
};
