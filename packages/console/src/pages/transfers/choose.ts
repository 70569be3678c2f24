// Owns what somebody chose to send: from a file field, or dropped on the page, with the folders that they lie in.
import type { Chosen } from './content.ts';

/** Of a file field; one for folders gives each file the path below what was chosen. */
export const fromField = (files: FileList | null): readonly Chosen[] =>
  [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** The browser tells a directory in parts. */
const childrenOf = async (entry: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> => {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return all;
    all.push(...part);
  }
};

// What the browser says of an entry is what it is; its types do not know.
const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectoryEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

const walk = async (entry: FileSystemEntry, path: string): Promise<readonly Chosen[]> => {
  if (isFileEntry(entry)) return [{ path, file: await fileOf(entry) }];
  if (!isDirectoryEntry(entry)) return [];
  const children = await childrenOf(entry);
  const found = await Promise.all(children.map((child) => walk(child, `${path}/${child.name}`)));
  return found.flat();
};

export const fromDrop = async (dropped: DataTransfer): Promise<readonly Chosen[]> => {
  // Taken at once: the browser forgets them after the event.
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found = await Promise.all(entries.map((entry) => walk(entry, entry.name)));
  return found.flat();
};

/** Each file or folder that was chosen, by its own name, with the files in it as the manifest wants them. */
export interface Item {
  readonly name: string;
  readonly isFolder: boolean;
  readonly files: readonly Chosen[];
  readonly sizeBytes: number;
}

export const toItems = (chosen: readonly Chosen[]): readonly Item[] => {
  const groups = new Map<string, Chosen[]>();
  for (const one of chosen) {
    const [name = ''] = one.path.split('/');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return [...groups].map(([name, files]) => {
    const isFolder = files.some(({ path }) => path.includes('/'));
    return {
      name,
      isFolder,
      files: isFolder ? files.map(({ path, file }) => ({ path: path.slice(name.length + 1), file })) : files,
      sizeBytes: files.reduce((sum, { file }) => sum + file.size, 0),
    };
  });
};
