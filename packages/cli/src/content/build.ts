// Owns making the manifest and content of a file or a directory tree.
// I1: the same tree gives the same content: entries are in the order of their names' bytes.
// I2: what cannot be sent (devices, sockets, fifos, unreadable files) is refused by name, never left out silently.
// I3: symlinks are sent as they are and never followed, save the root, which the user named.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { formatManifest, type ManifestEntry, type ManifestHead } from '@drover/client/manifest';
import type { Refused } from '@drover/client/outcome';
import { Failure } from '../failure.ts';
import { encodeName } from './names.ts';
import { type Extents, hashFile, readStored } from './read-file.ts';

export interface Built {
  readonly manifest: Uint8Array;
  readonly manifestSha256: string;
  readonly head: ManifestHead;
  readonly refused: readonly Refused[];
  /** The content from a byte on; reads the files again. */
  readonly read: (fromOffset: number) => Generator<Buffer>;
}

interface Source {
  readonly path: Buffer;
  readonly offset: number;
  readonly parts: Extents;
  readonly dataSize: number;
}

interface Building {
  readonly entries: ManifestEntry[];
  readonly sources: Source[];
  readonly refused: Refused[];
  readonly content: ReturnType<typeof createHash>;
  /** Of a root that is itself a file: its own hash is that of the content. */
  onlySha256?: string;
  readonly onBytes: (count: number) => void;
  offset: number;
}

const slash = Buffer.from('/');
const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'EACCES' ? 'no permission to read it' : error.message;
};

const specialWord = (stat: Stats): string => {
  if (stat.isFIFO()) return 'a fifo';
  if (stat.isSocket()) return 'a socket';
  return stat.isBlockDevice() || stat.isCharacterDevice() ? 'a device' : 'of an unknown kind';
};

const addFile = (building: Building, path: Buffer, name: string): void => {
  const isRoot = name === '';
  const file = hashFile(path, isRoot ? undefined : building.content, building.onBytes);
  if (isRoot) building.onlySha256 = file.sha256;
  building.entries.push({
    path: name,
    type: 'file',
    mode: octal(file.mode),
    mtimeMs: file.mtimeMs,
    size: file.size,
    offset: building.offset,
    sha256: file.sha256,
    ...(file.extents === undefined ? {} : { dataSize: file.dataSize, extents: file.extents }),
  });
  const parts = file.extents ?? [[0, file.size]];
  building.sources.push({ path, offset: building.offset, parts, dataSize: file.dataSize });
  building.offset += file.dataSize;
};

const addDirectory = (building: Building, path: Buffer, name: string, stat: Stats): readonly Buffer[] => {
  const names = readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
  building.entries.push({
    path: name,
    type: 'directory',
    mode: octal(stat.mode),
    mtimeMs: Math.floor(stat.mtimeMs),
  });
  return names;
};

const addSymlink = (building: Building, path: Buffer, name: string, stat: Stats): void => {
  const target = encodeName(readlinkSync(path, { encoding: 'buffer' }));
  const mtimeMs = Math.floor(stat.mtimeMs);
  building.entries.push({ path: name, type: 'symlink', mode: '0777', mtimeMs, target });
};

interface Pending {
  readonly path: Buffer;
  readonly name: Buffer;
}

/** Adds one path; returns what is inside it, when it is a directory. */
const addPath = (building: Building, { path, name }: Pending): readonly Pending[] => {
  const isRoot = name.length === 0;
  const shown = encodeName(name);
  const stat = isRoot ? statSync(path) : lstatSync(path);
  if (stat.isFile()) addFile(building, path, shown);
  else if (stat.isSymbolicLink()) addSymlink(building, path, shown, stat);
  else if (stat.isDirectory())
    return addDirectory(building, path, shown, stat).map((child) => ({
      path: Buffer.concat([path, slash, child]),
      name: isRoot ? child : Buffer.concat([name, slash, child]),
    }));
  else throw new Error(`it is ${specialWord(stat)}`);
  return [];
};

/** Lets timers and signals have their turn. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const hashing = (content: Building['content'], onHashed: (bytes: number) => void): Building => ({
  entries: [],
  sources: [],
  refused: [],
  content,
  onBytes: onHashed,
  offset: 0,
});

/** A root that is a symlink is opened through its target, since files are opened without following links. */
const realRoot = async (root: Buffer): Promise<Buffer> => {
  const { realpathSync } = await import('node:fs');
  return realpathSync(root, { encoding: 'buffer' });
};

function* readFrom(sources: readonly Source[], fromOffset: number): Generator<Buffer> {
  for (const source of sources)
    if (source.offset + source.dataSize > fromOffset)
      yield* readStored(source.path, source.parts, Math.max(0, fromOffset - source.offset));
}

/** Reads everything once. Throws when the root itself cannot be read. */
export const buildManifest = async (
  root: Buffer,
  onHashed: (bytes: number) => void = () => undefined,
): Promise<Built> => {
  const building = hashing(createHash('sha256'), onHashed);
  const pending: Pending[] = [];
  try {
    pending.push(...addPath(building, { path: await realRoot(root), name: Buffer.alloc(0) }));
  } catch (error) {
    throw new Failure(`cannot read ${encodeName(root)}: ${reasonOf(error)}`);
  }
  pending.reverse();
  let sinceBreath = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    try {
      pending.push(...[...addPath(building, next)].reverse());
    } catch (error) {
      building.refused.push({ path: encodeName(next.name), reason: reasonOf(error) });
    }
    sinceBreath += 1;
    if (sinceBreath % 64 === 0) await breathe();
  }
  const { entries, sources, offset } = building;
  const head: ManifestHead = {
    version: 1,
    root: entries[0]?.type === 'directory' ? 'directory' : 'file',
    content: offset === 0 ? '' : (building.onlySha256 ?? building.content.digest('hex')),
    sizeBytes: offset,
    entries: entries.length,
  };
  const manifest = formatManifest(head, entries);
  const manifestSha256 = createHash('sha256').update(manifest).digest('hex');
  return {
    manifest,
    manifestSha256,
    head,
    refused: building.refused,
    read: (from) => readFrom(sources, from),
  };
};
