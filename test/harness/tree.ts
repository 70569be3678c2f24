// Owns trees of files for tests: how one is described, so that two can be compared byte for byte.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs';

/** One line per entry, in the order of the names' bytes: name as hex, kind, mode, time in ms, size, sha256 or target. */
export const describeTree = (root: string): readonly string[] => {
  const lines: string[] = [];
  const visit = (path: Buffer, name: string): void => {
    const stat = lstatSync(path);
    const mode = (stat.mode & 0o7777).toString(8);
    const time = Math.floor(stat.mtimeMs);
    if (stat.isSymbolicLink()) {
      lines.push(`${name} link ${time} ${readlinkSync(path, { encoding: 'buffer' }).toString('hex')}`);
    } else if (stat.isFile()) {
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
      lines.push(`${name} file ${mode} ${time} ${stat.size} ${sha256}`);
    } else {
      lines.push(`${name} ${stat.isDirectory() ? 'directory' : 'special'} ${mode} ${time}`);
      if (!stat.isDirectory()) return;
      for (const child of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare))
        visit(Buffer.concat([path, Buffer.from('/'), child]), `${name}/${child.toString('hex')}`);
    }
  };
  visit(Buffer.from(root), '');
  return lines;
};

/** Other bytes at each call; 1 MiB at a time. */
export const writeRandom = (path: string, sizeBytes: number): void => {
  const file = openSync(path, 'w');
  for (let at = 0; at < sizeBytes; at += 1 << 20)
    writeSync(file, randomBytes(Math.min(1 << 20, sizeBytes - at)));
  closeSync(file);
};

/** A file of this length with the text at each of the places and holes between them. */
export const writeSparse = (
  path: string,
  sizeBytes: number,
  places: readonly number[],
  text: string,
): void => {
  const file = openSync(path, 'w');
  ftruncateSync(file, sizeBytes);
  for (const place of places) writeSync(file, text, place);
  closeSync(file);
};

/** Bytes that the file takes on the disk. */
export const bytesOnDisk = (path: string): number => lstatSync(path).blocks * 512;
