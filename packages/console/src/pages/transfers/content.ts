// Owns making the manifest and content of what somebody has chosen (docs/protocol.md section 5).
// I1: nothing is held in memory: the content is the files one after another, as a Blob of Blobs, read piece by piece.
// I2: entries are in the order of their names, parents before children.
import { formatManifest, type ManifestEntry } from '@drover/client/manifest';
import { encodeName } from '@drover/client/names';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A file that was chosen; `path`: its place below what is sent, with slashes, e.g. site/index.html. */
export interface Chosen {
  readonly path: string;
  readonly file: File;
}

export interface BuiltContent {
  readonly manifest: Blob;
  readonly manifestSha256: string;
  /** undefined: there is no data. */
  readonly content: Blob | undefined;
  readonly contentSha256: string;
  readonly sizeBytes: number;
}

const fileMode = '0644';
const directoryMode = '0755';
const text = new TextEncoder();
const encode = (path: string): string => encodeName(text.encode(path));

/** Hashes the file and, with it, the content that it is part of. */
const hashFile = async (
  file: Blob,
  whole: ReturnType<typeof sha256.create>,
  onBytes: (count: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> => {
  const own = sha256.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { value } = await reader.read();
    signal?.throwIfAborted();
    if (value === undefined) return bytesToHex(own.digest());
    own.update(value);
    whole.update(value);
    onBytes(value.length);
  }
};

const byName = (a: Chosen, b: Chosen): number => (a.path < b.path ? -1 : 1);

const directory = (path: string, mtimeMs: number): ManifestEntry => ({
  path: encode(path),
  type: 'directory',
  mode: directoryMode,
  mtimeMs,
});

/** Every directory above the files, each once, before what is in it; '' is the root. */
const parentsOf = (path: string): readonly string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
};

export interface BuildOptions {
  /** False: the one file that was chosen, as itself. */
  readonly isFolder: boolean;
  readonly nowMs: number;
  /** Bytes that have been read. */
  readonly onProgress: (doneBytes: number) => void;
  readonly signal?: AbortSignal;
}

export const buildContent = async (
  chosen: readonly Chosen[],
  { isFolder, nowMs, onProgress, signal }: BuildOptions,
): Promise<BuiltContent> => {
  const files = [...chosen].sort(byName);
  const isFile = !isFolder;
  const whole = sha256.create();
  const entries: ManifestEntry[] = isFile ? [] : [directory('', nowMs)];
  const known = new Set<string>();
  let offset = 0;
  for (const { path, file } of files) {
    for (const parent of parentsOf(path)) {
      if (!known.has(parent)) entries.push(directory(parent, nowMs));
      known.add(parent);
    }
    const start = offset;
    const onBytes = (count: number): void => {
      offset += count;
      onProgress(offset);
    };
    const hash = await hashFile(file, whole, onBytes, signal);
    const size = offset - start;
    const common = { type: 'file', mode: fileMode, mtimeMs: file.lastModified, sha256: hash } as const;
    entries.push({ path: isFile ? '' : encode(path), ...common, size, offset: start });
  }
  const contentSha256 = offset === 0 ? '' : bytesToHex(whole.digest());
  const head = { version: 1, root: isFile ? 'file' : 'directory', content: contentSha256 } as const;
  const manifest = formatManifest({ ...head, sizeBytes: offset, entries: entries.length }, entries);
  return {
    manifest: new Blob([manifest]),
    manifestSha256: bytesToHex(sha256(manifest)),
    content: offset === 0 ? undefined : new Blob(files.map(({ file }) => file)),
    contentSha256,
    sizeBytes: offset,
  };
};
