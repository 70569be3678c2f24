// Owns the form of a manifest: JSON lines, a head and then one entry per file, parents before children.
// I1: what is parsed is checked: no entry can name anything outside its root, and every parent is a directory
//     that was listed before (so no entry can be reached through a symlink).
import { ApiError } from '@drover/api/errors';
import { decodeName } from './names.ts';

export interface ManifestHead {
  readonly version: 1;
  readonly root: 'file' | 'directory';
  /** sha256 of the content; '' when there is no data. */
  readonly content: string;
  readonly sizeBytes: number;
  readonly entries: number;
}

export interface ManifestEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: string;
  readonly mtimeMs: number;
  readonly size?: number;
  readonly offset?: number;
  readonly sha256?: string;
  readonly target?: string;
  readonly dataSize?: number;
  readonly extents?: readonly (readonly [number, number])[];
}

export const formatManifest = (
  head: ManifestHead,
  entries: readonly ManifestEntry[],
): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode([head, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''));

const refuse = (why: string): never => {
  throw new ApiError('Invalid', `cannot use the manifest: ${why}`);
};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const parseLine = (line: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  return refuse('a line is not a JSON object');
};

const parseHead = (line: string): ManifestHead => {
  const { version, root, content, sizeBytes, entries } = parseLine(line);
  if (version !== 1) refuse(`its version is ${String(version)}, not 1`);
  if (root !== 'file' && root !== 'directory') return refuse('its root is neither file nor directory');
  if (!isCount(sizeBytes) || !isCount(entries)) return refuse('its sizes are not counts');
  if (content !== '' && !isHash(content)) return refuse('its content is not a sha256');
  return { version: 1, root, content: content as string, sizeBytes, entries };
};

const checkExtents = (extents: unknown, size: number, dataSize: number, path: string): undefined => {
  if (!Array.isArray(extents)) return refuse(`${path}: extents are not a list`);
  let end = 0;
  let sum = 0;
  for (const extent of extents as unknown[]) {
    const [from, length] = Array.isArray(extent) ? (extent as unknown[]) : [];
    if (!isCount(from) || !isCount(length) || from < end || from + length > size)
      return refuse(`${path}: extents overlap or go beyond the end`);
    end = from + length;
    sum += length;
  }
  if (sum !== dataSize) refuse(`${path}: extents and dataSize differ`);
};

const checkFile = (entry: Record<string, unknown>, head: ManifestHead, path: string): undefined => {
  const { size, offset, sha256, dataSize, extents } = entry;
  const stored = extents === undefined ? size : dataSize;
  if (!isCount(size) || !isCount(offset) || !isCount(stored)) return refuse(`${path}: sizes are not counts`);
  if (offset + stored > head.sizeBytes) return refuse(`${path}: goes beyond the content`);
  if (!isHash(sha256)) return refuse(`${path}: sha256 is missing`);
  if (extents !== undefined) checkExtents(extents, size, stored, path);
};

/** One character for each byte. */
const toKey = (name: Uint8Array): string => {
  let text = '';
  for (const byte of name) text += String.fromCharCode(byte);
  return text;
};

const checkPath = (path: string, directories: ReadonlySet<string>): undefined => {
  let bytes: Uint8Array;
  try {
    bytes = decodeName(path);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (bytes.includes(0)) refuse(`${path}: holds a zero byte`);
  const names = toKey(bytes).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    refuse(`${path}: leads outside, or is not plain`);
  const parent = names.slice(0, -1).join('/');
  if (!directories.has(parent)) refuse(`${path}: its directory was not listed before it`);
};

const parseEntry = (
  line: string,
  head: ManifestHead,
  seen: Set<string>,
  directories: Set<string>,
): ManifestEntry => {
  const entry = parseLine(line);
  const { path, type, mode, mtimeMs, target } = entry;
  if (typeof path !== 'string') return refuse('an entry has no path');
  if (typeof mode !== 'string' || !/^[0-7]{3,4}$/.test(mode)) return refuse(`${path}: mode is not octal`);
  if (typeof mtimeMs !== 'number' || !Number.isFinite(mtimeMs)) return refuse(`${path}: mtimeMs is no time`);
  if (path !== '') checkPath(path, directories);
  const key = toKey(decodeName(path));
  if (seen.has(key)) return refuse(`${path}: listed twice`);
  seen.add(key);
  if (type === 'directory') directories.add(key);
  else if (type === 'file') checkFile(entry, head, path);
  else if (type !== 'symlink') return refuse(`${path}: unknown type`);
  else if (typeof target !== 'string' || target === '') return refuse(`${path}: symlink without target`);
  return entry as unknown as ManifestEntry;
};

/** Throws Invalid when anything in it is not as docs/protocol.md section 5 says. */
export const parseManifest = (
  data: Uint8Array,
): { readonly head: ManifestHead; readonly entries: readonly ManifestEntry[] } => {
  const lines = new TextDecoder().decode(data).split('\n');
  if (lines.pop() !== '') refuse('it is cut off');
  const [first, ...rest] = lines;
  if (first === undefined) return refuse('it is empty');
  const head = parseHead(first);
  if (rest.length !== head.entries) refuse(`it has ${rest.length} entries, not ${head.entries}`);
  const seen = new Set<string>();
  const directories = new Set<string>();
  const entries = rest.map((line) => parseEntry(line, head, seen, directories));
  const root = entries[0];
  if (root === undefined || root.path !== '' || root.type !== head.root) refuse('its root is missing');
  if (head.root === 'file' && entries.length !== 1) refuse('a file has nothing in it');
  return { head, entries };
};
