// Owns kept files that are files of the data directory, which one controller at a time uses.
// I1: none ever exists readable for others, not even for a moment: folders 0700, files created 0600.
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createDurably, writeDurably } from '../../platform/durable-file.ts';
import { isMissing } from '../sealing/key-source.ts';
import type { KeptFiles } from './kept-files.ts';

const makePrivate = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
};

/** False when there is one already. */
const create = async (path: string, text: string): Promise<boolean> => {
  try {
    await createDurably(path, text);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};

export const filesOfDirectory = (dataDir: string): KeptFiles => {
  const at = (path: string): string => join(dataDir, path);
  const read: KeptFiles['read'] = async (path) => {
    try {
      return await readFile(at(path), 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    isShared: false,
    where: dataDir,
    nameOf: at,
    prepare: async (folder) => {
      await makePrivate(at(folder));
      for (const name of await readdir(at(folder)))
        if (name.endsWith('.new')) await rm(join(at(folder), name), { force: true });
    },
    list: async (folder) => (await readdir(at(folder))).sort(),
    read,
    replace: async (path, was, text) => {
      await mkdir(dirname(at(path)), { recursive: true, mode: 0o700 });
      if (was === undefined) return create(at(path), text);
      if ((await read(path)) !== was) return false;
      await writeDurably(at(path), text);
      return true;
    },
  };
};
