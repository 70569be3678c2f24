// Owns by which name this controller is known among others: made once, in its data directory.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api/errors';
import { writeDurably } from './durable-file.ts';
import { newId } from './ids.ts';

const fileName = 'controller-id';
const isId = (text: string): boolean => /^[0-9a-z]{8,40}$/.test(text);

export interface ControllerId {
  readonly id: string;
  /** Makes a new one durable: once the data have been opened, which until then are left as they are. */
  save(): Promise<void>;
}

/** @throws ApiError InternalError: the file holds something else. */
export const loadControllerId = async (dataDir: string): Promise<ControllerId> => {
  const file = join(dataDir, fileName);
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ApiError('InternalError', `cannot read ${file}: ${error.message}`, undefined, error);
  });
  if (known === undefined) {
    const id = newId();
    return { id, save: () => writeDurably(file, `${id}\n`) };
  }
  const id = known.trim();
  if (isId(id)) return { id, save: async () => undefined };
  const why = 'it holds no name of a controller; remove it, and a new one is made';
  throw new ApiError('InternalError', `cannot use ${file}: ${why}`);
};
