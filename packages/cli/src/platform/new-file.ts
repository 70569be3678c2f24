// Owns writing what the controller sends into a file that was not there before.
import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { usageFailure } from '../failure.ts';

/** Throws when there is such a file. */
export const checkNew = async (file: string): Promise<void> => {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw usageFailure(`cannot write ${file}: it is there already`, 'name another file');
};

/** The file has its name only when it is whole and durable; nobody else may read it. */
export const saveNew = async (data: AsyncIterable<Uint8Array>, file: string): Promise<void> => {
  const part = `${file}.part`;
  try {
    await pipeline(data, createWriteStream(part, { mode: 0o600, flush: true }));
    await checkNew(file);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};
