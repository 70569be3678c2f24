// Owns the files under <dataDir>/keys.
// I1: a key never exists readable for others, not even for a moment: directory 0700, files created 0600.
// I2: a key and its certificate stand in one file, so that they are there together or not at all.
// I3: a file is replaced whole (temporary file, fsync, rename, fsync of the directory): kill -9 leaves old or new.
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApiError } from '@drover/api';

export interface KeyFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeDurably = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
};

/** Makes the directory when it is missing. @throws ApiError InternalError naming the path. */
export const openKeyFiles = async (dataDir: string): Promise<KeyFiles> => {
  const directory = join(dataDir, 'keys');
  const refuse = (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError('InternalError', `cannot use the keys in ${directory}: ${why}`, undefined, error);
  };
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(refuse);
  await chmod(directory, 0o700).catch(refuse);
  return {
    read: (name) =>
      readFile(join(directory, name), 'utf8').catch((error: unknown) =>
        isMissing(error) ? undefined : refuse(error),
      ),
    write: (name, text) => writeDurably(join(directory, name), text).catch(refuse),
  };
};
