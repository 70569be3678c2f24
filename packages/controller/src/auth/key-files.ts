// Owns the files under <dataDir>/keys.
// I1: a key never exists readable for others, not even for a moment: directory 0700, files created 0600.
// I2: a key and its certificate stand in one file, so that they are there together or not at all.
// I3: a file is replaced whole: kill -9 leaves old or new (platform/durable-file.ts).
// I4: with a sealer every file is sealed, bound to its name; what was not is, before it is read.
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@drover/api';
import { writeDurably } from '../platform/durable-file.ts';
import { dataKeyOf, type Place } from '../store/sealing/envelope.ts';
import type { Sealer } from '../store/sealing/keyring.ts';
import type { SealedValues } from '../store/sealing/objects.ts';

export interface KeyFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
  readonly sealed: SealedValues | undefined;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const placeOf = (name: string): Place => ['file', `keys/${name}`];

/** Calls run one after another: nobody writes between another's reading and writing. */
const oneAtATime = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(call: () => Promise<T>): Promise<T> => {
    const next = last.then(call);
    last = next.catch(() => undefined);
    return next;
  };
};

const keyFileNames = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.pem')).sort();

/** Seals anew what is under a key older than the present one; what is plain counts as 0. */
const reseal = async (directory: string, sealer: Sealer): Promise<number> => {
  let count = 0;
  for (const name of await keyFileNames(directory)) {
    const text = await readFile(join(directory, name), 'utf8');
    if (dataKeyOf(text) === sealer.current) continue;
    const place = placeOf(name);
    await writeDurably(join(directory, name), sealer.seal(sealer.open(text, place), place));
    count += 1;
  }
  return count;
};

const countsOf = async (directory: string): Promise<ReadonlyMap<number, number>> => {
  const counts = new Map<number, number>();
  for (const name of await keyFileNames(directory)) {
    const number = dataKeyOf(await readFile(join(directory, name), 'utf8'));
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
};

/** What a write left that was killed: it may be plain. */
const removeHalfWritten = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory))
    if (name.endsWith('.new')) await rm(join(directory, name), { force: true });
};

/** Makes the directory when it is missing. @throws ApiError InternalError naming the path. */
export const openKeyFiles = async (dataDir: string, sealer?: Sealer): Promise<KeyFiles> => {
  const directory = join(dataDir, 'keys');
  const refuse = (error: unknown): never => {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError('InternalError', `cannot use the keys in ${directory}: ${why}`, undefined, error);
  };
  const alone = oneAtATime();
  const load = async (name: string): Promise<string> => {
    const text = await readFile(join(directory, name), 'utf8');
    return sealer ? sealer.open(text, placeOf(name)) : text;
  };
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(refuse);
  await chmod(directory, 0o700).catch(refuse);
  await removeHalfWritten(directory).catch(refuse);
  if (sealer) await reseal(directory, sealer).catch(refuse);
  return {
    read: (name) =>
      alone(() => load(name)).catch((error: unknown) => (isMissing(error) ? undefined : refuse(error))),
    write: (name, text) =>
      alone(() =>
        writeDurably(join(directory, name), sealer ? sealer.seal(text, placeOf(name)) : text),
      ).catch(refuse),
    sealed: sealer && {
      name: 'key files',
      counts: () => alone(() => countsOf(directory)).catch(refuse),
      resealSome: () => alone(() => reseal(directory, sealer)).catch(refuse),
    },
  };
};
