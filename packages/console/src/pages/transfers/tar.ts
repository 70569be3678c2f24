// Owns putting what was pulled from a node into one archive that the browser can save: tar as POSIX.1-2001 (pax) has it.
import { endOfTar, tarHeader, tarPadding } from '@drover/api/tar';
import type { ManifestEntry } from '@drover/client/manifest';
import { decodeName } from '@drover/client/names';

const text = new TextEncoder();

const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** "length key=value\n", where the length counts itself. */
const record = (key: string, value: Uint8Array): Uint8Array => {
  const rest = join(text.encode(` ${key}=`), value, text.encode('\n'));
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return join(text.encode(String(length)), rest);
};

const types = { file: '0', symlink: '2', directory: '5' } as const;

/**
 * The archive of the entries of one manifest below `root`, their data taken from `content`. Sparse files come out whole.
 * Entries have been checked by parseManifest: none leads outside.
 */
export const toTar = (root: string, entries: readonly ManifestEntry[], content: Blob): Blob => {
  const parts: BlobPart[] = [];
  for (const entry of entries) {
    const below = decodeName(entry.path);
    const name = join(text.encode(root), below.length === 0 ? below : join(text.encode('/'), below));
    const size = entry.type === 'file' ? (entry.size ?? 0) : 0;
    const { mode, mtimeMs } = entry;
    const target = entry.target === undefined ? [] : [record('linkpath', decodeName(entry.target))];
    const pax = join(record('path', name), record('size', text.encode(String(size))), ...target);
    parts.push(tarHeader({ name: 'pax', type: 'x', sizeBytes: pax.length, mode: '0644', mtimeMs }));
    parts.push(pax as Uint8Array<ArrayBuffer>, tarPadding(pax.length));
    const sizeBytes = Math.min(size, 0o77777777777);
    parts.push(tarHeader({ name, type: types[entry.type], sizeBytes, mode, mtimeMs }));
    if (size > 0) parts.push(dataOf(entry, size, content), tarPadding(size));
  }
  return new Blob([...parts, new Uint8Array(endOfTar)], { type: 'application/x-tar' });
};

/** Zeros without holding them: one block of them, many times. */
const zeros = (count: number): Blob => {
  const block = new Blob([new Uint8Array(Math.min(count, 1024 * 1024))]);
  const whole = Array.from({ length: Math.floor(count / Math.max(block.size, 1)) }, () => block);
  return new Blob([...whole, block.slice(0, count % Math.max(block.size, 1))]);
};

/** The data of one file; the holes of a sparse one are zeros. */
export const dataOf = ({ offset = 0, extents }: ManifestEntry, size: number, content: Blob): Blob => {
  if (extents === undefined) return content.slice(offset, offset + size);
  const parts: Blob[] = [];
  let at = 0;
  let from = offset;
  for (const [start, length] of extents) {
    parts.push(zeros(start - at), content.slice(from, from + length));
    from += length;
    at = start + length;
  }
  return new Blob([...parts, zeros(size - at)]);
};
