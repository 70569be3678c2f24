// Owns how files come into the tree of a package.
// I1: bytes, names and modes depend on the sources alone; when, where, by whom and with which umask it is built does not show.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const isProgram = (mode: number): boolean => (mode & 0o100) !== 0;

const makeFolder = (path: string): void => {
  mkdirSync(path, { recursive: true });
};

/** With its program bit, if it has one. */
export const putFile = (from: string, to: string): void => {
  makeFolder(dirname(to));
  copyFileSync(from, to);
  chmodSync(to, isProgram(statSync(from).mode) ? 0o755 : 0o644);
};

export const putText = (to: string, content: string | Uint8Array, mode = 0o644): void => {
  makeFolder(dirname(to));
  writeFileSync(to, content);
  chmodSync(to, mode);
};

export const putLink = (to: string, target: string): void => {
  makeFolder(dirname(to));
  symlinkSync(target, to);
};

/** Files of a folder, below it, for which `isWanted` says yes of their path in it (with '/'); also asked of each folder. */
export const putFolder = (
  from: string,
  to: string,
  isWanted: (path: string) => boolean = () => true,
): void => {
  const put = (inside: string): void => {
    for (const entry of readdirSync(join(from, inside), { withFileTypes: true })) {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (!isWanted(path)) continue;
      if (entry.isDirectory()) put(path);
      else if (entry.isFile()) putFile(join(from, path), join(to, path));
    }
  };
  put('');
};

export interface TreeEntry {
  /** From the tree's root, beginning with '/'. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly sizeBytes: number;
}

/** Everything in the tree, sorted, folders before what is in them. */
export const entriesOf = (tree: string, below = ''): readonly TreeEntry[] =>
  readdirSync(join(tree, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): readonly TreeEntry[] => {
      const path = `${below}/${entry.name}`;
      if (entry.isDirectory()) return [{ path, kind: 'folder', sizeBytes: 0 }, ...entriesOf(tree, path)];
      const kind = entry.isSymbolicLink() ? 'link' : 'file';
      return [{ path, kind, sizeBytes: lstatSync(join(tree, path)).size }];
    });

/** The last step (I1): folders open to all, everything of the time of the sources. */
export const settle = (tree: string, timeSeconds: number): void => {
  for (const { path, kind } of [...entriesOf(tree), { path: '', kind: 'folder' } as const]) {
    if (kind === 'folder') chmodSync(join(tree, path), 0o755);
    lutimesSync(join(tree, path), timeSeconds, timeSeconds);
  }
};
