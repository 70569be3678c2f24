// Owns recordings in files: <data>/recordings/<id>.cast.
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { isMissing } from '../sealing/key-source.ts';
import type { KnownRecording, RecordingStore, StoredRecording } from './recordings.ts';

const suffix = '.cast';
const edgeBytes = 8_192;

const readPart = async (file: FileHandle, position: number): Promise<string> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(edgeBytes), 0, edgeBytes, position);
  return buffer.toString('utf8', 0, bytesRead);
};

const look = async (path: string): Promise<Omit<KnownRecording, 'id' | 'goesOn'>> => {
  const file = await open(path, 'r');
  try {
    const { size: sizeBytes, mtimeMs: endedMs } = await file.stat();
    const head = await readPart(file, 0);
    const tail = await readPart(file, Math.max(0, sizeBytes - edgeBytes));
    return { sizeBytes, endedMs, head, tail };
  } finally {
    await file.close();
  }
};

/** Whether it was there. */
const removeFile = async (path: string): Promise<boolean> => {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

/** Makes the directory when it is not there (mode 0700; files 0600). */
export const openRecordingFiles = async (dataDir: string): Promise<RecordingStore> => {
  const directory = join(dataDir, 'recordings');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (id: string): string => join(directory, id + suffix);
  const goesOn = new Set<string>();
  const names = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.endsWith(suffix)).sort();
  const idOf = (name: string): string => name.slice(0, -suffix.length);

  const all = async (): Promise<readonly StoredRecording[]> => {
    const found: StoredRecording[] = [];
    for (const id of (await names()).map(idOf)) {
      const file = await stat(pathOf(id)).catch(() => undefined);
      if (file !== undefined)
        found.push({ id, sizeBytes: file.size, endedMs: file.mtimeMs, goesOn: goesOn.has(id) });
    }
    return found;
  };
  const know = async (id: string): Promise<KnownRecording> => ({
    ...{ id, goesOn: goesOn.has(id) },
    ...(await look(pathOf(id))),
  });
  return {
    all,
    newest: async (limit) => {
      const ids = (await names()).map(idOf).reverse().slice(0, limit);
      const found: KnownRecording[] = [];
      for (const id of ids) found.push(await know(id));
      return found;
    },
    begin: async (id, head) => {
      const file = await open(pathOf(id), 'wx', 0o600);
      goesOn.add(id);
      // One write after the other, so that lines never mix.
      let last: Promise<unknown> = file.write(head);
      await last;
      return {
        append: async (text) => {
          last = last.then(() => file.write(text));
          await last;
        },
        close: async () => {
          try {
            await last.catch(() => undefined);
            await file.sync();
          } finally {
            goesOn.delete(id);
            await file.close();
          }
        },
      };
    },
    read: async (id) => {
      const refused = new ApiError('NotFound', `cannot find recording "${id}"`);
      const file = await open(pathOf(id), 'r').catch((error: unknown) => {
        throw isMissing(error) ? refused : error;
      });
      const { size } = await file.stat();
      if (size === 0) {
        await file.close();
        throw refused;
      }
      return { sizeBytes: size, data: file.createReadStream({ end: size - 1 }) };
    },
    remove: async (id) => !goesOn.has(id) && removeFile(pathOf(id)),
    close: async () => undefined,
  };
};
