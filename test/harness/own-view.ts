// Owns giving each agent of one machine a folder of its own under the same path, as on servers of their own: each runs
// in a mount namespace in which its folder is mounted there. Needs root.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface OwnViews {
  /** The path that every agent sees. */
  readonly path: string;
  /** Where the files of one agent really are. */
  directoryOf(name: string): string;
  /** What to start in place of python3 for that agent. */
  pythonOf(name: string): Promise<string>;
  /** The same with a disk of this size in place of a folder; only the agent itself can see it. */
  pythonWithDisk(name: string, sizeBytes: number): Promise<string>;
}

const script = (mount: string, own: string, path: string): string => `#!/bin/sh
exec unshare --mount --propagation private sh -c \\
  '${mount} "$0" "$1" && shift && exec python3 "$@"' '${own}' '${path}' "$@"
`;

/** `directory` exists, and belongs to the caller; it holds no quote. */
export const createOwnViews = async (directory: string): Promise<OwnViews> => {
  const path = join(directory, 'seen');
  await mkdir(path);
  const directoryOf = (name: string) => join(directory, name);
  const write = async (name: string, mount: string): Promise<string> => {
    const file = join(directory, `python-${name}`);
    await writeFile(file, script(mount, directoryOf(name), path));
    await chmod(file, 0o755);
    return file;
  };
  return {
    path,
    directoryOf,
    pythonOf: async (name) => {
      await mkdir(directoryOf(name));
      return write(name, 'mount --bind');
    },
    pythonWithDisk: (name, sizeBytes) => write(name, `mount -t tmpfs -o size=${sizeBytes}`),
  };
};
