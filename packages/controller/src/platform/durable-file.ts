// Owns how a small file is written so that kill -9 or a power cut leaves the old one or the new one, whole.
// I1: it is never readable for others, not even for a moment.
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from './ids.ts';

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeBeside = async (temporary: string, text: string): Promise<string> => {
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
};

/** Replaces the file or makes it. Throws the system's error. */
export const writeDurably = async (path: string, text: string): Promise<void> => {
  await rename(await writeBeside(`${path}.new`, text), path);
  await syncDirectory(dirname(path));
};

/** Makes the file. Throws the system's error, EEXIST when there is one already. */
export const createDurably = async (path: string, text: string): Promise<void> => {
  // A name of its own: of several processes that make the file at once one does.
  const temporary = await writeBeside(`${path}.${newId()}.new`, text);
  try {
    await link(temporary, path);
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(path));
};
