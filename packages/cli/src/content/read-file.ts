// Owns reading one regular file for a transfer: its data, where it is sparse, and whether it held still.
// I1: memory is one buffer of 1 MiB, whatever the size of the file.
// I2: a file that changes while it is read is refused, never sent half old and half new.
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export type Extents = readonly (readonly [number, number])[];

const blockBytes = 4096;
const bufferBytes = 1 << 20;
/** More extents than this are joined across their smallest holes, so that a manifest line stays short. */
const maxExtents = 10_000;
const zeros = Buffer.alloc(blockBytes);
const shared = Buffer.allocUnsafe(bufferBytes);

const readFully = (file: number, buffer: Buffer, length: number, position: number): number => {
  let got = 0;
  while (got < length) {
    const count = readSync(file, buffer, got, length - got, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
};

/** Data parts of a file of `size` bytes: runs of blocks that are not all zero. */
const scanExtents = (file: number, size: number): [number, number][] => {
  const extents: [number, number][] = [];
  for (let at = 0; at < size; at += bufferBytes) {
    const length = readFully(file, shared, Math.min(bufferBytes, size - at), at);
    for (let from = 0; from < length; from += blockBytes) {
      const block = shared.subarray(from, Math.min(from + blockBytes, length));
      if (block.equals(zeros.subarray(0, block.length))) continue;
      const last = extents.at(-1);
      if (last !== undefined && last[0] + last[1] === at + from) last[1] += block.length;
      else extents.push([at + from, block.length]);
    }
  }
  return extents;
};

/** The same extents, joined across holes smaller than the least size that leaves few enough. */
export const joinExtents = (extents: Extents, limit: number): Extents => {
  let joined: [number, number][] = extents.map(([from, length]) => [from, length]);
  for (let hole = blockBytes * 2; joined.length > limit; hole *= 2) {
    const next: [number, number][] = [];
    for (const [from, length] of joined) {
      const last = next.at(-1);
      if (last !== undefined && from - (last[0] + last[1]) < hole) last[1] = from + length - last[0];
      else next.push([from, length]);
    }
    joined = next;
  }
  return joined;
};

export interface ReadFile {
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** undefined: not sparse. */
  readonly extents: Extents | undefined;
  /** Bytes stored: size, or the sum of the extents. */
  readonly dataSize: number;
  readonly sha256: string;
}

const changed = (a: ReturnType<typeof fstatSync>, b: ReturnType<typeof fstatSync>): boolean =>
  a.size !== b.size || a.mtimeMs !== b.mtimeMs || a.ctimeMs !== b.ctimeMs;

/** Hashes a file, feeding each piece to `content` as well (undefined: the file is all the content there is). Throws when it cannot be read or changes. */
export const hashFile = (
  path: Buffer | string,
  content: Hash | undefined,
  onBytes: (count: number) => void,
): ReadFile => {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is no regular file any more');
    const isSparse = stat.blocks * 512 < stat.size;
    const extents = isSparse ? joinExtents(scanExtents(file, stat.size), maxExtents) : undefined;
    const hash = createHash('sha256');
    let dataSize = 0;
    for (const [from, length] of extents ?? [[0, stat.size] as const])
      for (let at = from; at < from + length; ) {
        const count = readFully(file, shared, Math.min(bufferBytes, from + length - at), at);
        if (count === 0) throw new Error('it became shorter while it was read');
        const piece = shared.subarray(0, count);
        hash.update(piece);
        content?.update(piece);
        at += count;
        dataSize += count;
        onBytes(count);
      }
    if (changed(stat, fstatSync(file))) throw new Error('it changed while it was read');
    return {
      size: stat.size,
      mode: stat.mode & 0o7777,
      mtimeMs: Math.floor(stat.mtimeMs),
      extents,
      dataSize,
      sha256: hash.digest('hex'),
    };
  } finally {
    closeSync(file);
  }
};

/** The stored bytes of a file from `skip` on. Throws when it is shorter than it was. */
export function* readStored(path: Buffer | string, parts: Extents, skip: number): Generator<Buffer> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let left = skip;
    for (const [from, length] of parts) {
      const start = Math.min(left, length);
      left -= start;
      for (let at = from + start; at < from + length; ) {
        const piece = Buffer.allocUnsafe(Math.min(bufferBytes >> 2, from + length - at));
        const count = readFully(file, piece, piece.length, at);
        if (count === 0) throw new Error('it became shorter while it was sent');
        yield piece.subarray(0, count);
        at += count;
      }
    }
  } finally {
    closeSync(file);
  }
}
