// Owns the keys of the certificate authority: files under <dataDir>/keys, or in the database of several controllers, who have one
// authority. What only this controller uses (its own certificate) is in its data directory always.
// I1: a key never exists readable for others, not even for a moment (store/kept/directory.ts).
// I2: a key and its certificate stand in one file, so that they are there together or not at all.
// I3: a file is replaced whole: kill -9 leaves old or new (store/kept/kept-files.ts).
// I4: with a sealer every file is sealed, bound to its name; what was not is, before it is read.
// I5: what is made once is made once, also when several controllers begin at the same time.
import { ApiError } from '@drover/api';
import { filesOfDirectory } from '../store/kept/directory.ts';
import type { KeptFiles } from '../store/kept/kept-files.ts';
import { dataKeyOf, type Place } from '../store/sealing/envelope.ts';
import type { Sealer } from '../store/sealing/keyring.ts';
import type { SealedValues } from '../store/sealing/objects.ts';

export interface KeyFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<string | undefined>;
  /** What is there, or else `made`, which is there then (I5). */
  make(name: string, made: () => Promise<string>): Promise<string>;
  /** Of what is this controller's own; undefined when there is no such file, or it was sealed under a key that is no more. */
  readOwn(name: string): Promise<string | undefined>;
  writeOwn(name: string, text: string): Promise<void>;
  readonly sealed: SealedValues | undefined;
}

const folder = 'keys';
const pathOf = (name: string): string => `${folder}/${name}`;
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

const namesIn = async (files: KeptFiles): Promise<readonly string[]> =>
  (await files.list(folder)).filter((name) => name.endsWith('.pem'));

interface Sealed {
  readonly files: KeptFiles;
  readonly sealer: Sealer | undefined;
}

const load = async ({ files, sealer }: Sealed, name: string): Promise<string | undefined> => {
  const text = await files.read(pathOf(name));
  if (text === undefined || sealer === undefined) return text;
  await sealer.learn([text]);
  return sealer.open(text, placeOf(name));
};

const seal = ({ sealer }: Sealed, name: string, text: string): string =>
  sealer ? sealer.seal(text, placeOf(name)) : text;

/** Seals anew what is under a key older than the present one; what is plain counts as 0. */
const reseal = async (files: KeptFiles, sealer: Sealer): Promise<number> => {
  let count = 0;
  for (const name of await namesIn(files)) {
    const text = await files.read(pathOf(name));
    if (text === undefined || dataKeyOf(text) === sealer.current) continue;
    await sealer.learn([text]);
    if (dataKeyOf(text) === sealer.current) continue;
    const place = placeOf(name);
    // Who was faster has sealed it too.
    await files.replace(pathOf(name), text, sealer.seal(sealer.open(text, place), place));
    count += 1;
  }
  return count;
};

const countsOf = async (files: KeptFiles): Promise<ReadonlyMap<number, number>> => {
  const counts = new Map<number, number>();
  for (const name of await namesIn(files)) {
    const number = dataKeyOf((await files.read(pathOf(name))) ?? '');
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
};

/** Own files can be made again: one that cannot be opened (its data key was dropped while this controller was away) is none. */
const loadOwn = async (own: Sealed, name: string): Promise<string | undefined> => {
  try {
    return await load(own, name);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
};

const replaceOwn = async (own: Sealed, name: string, text: string): Promise<void> => {
  const was = await own.files.read(pathOf(name));
  await own.files.replace(pathOf(name), was, seal(own, name, text));
};

const resealOwn = async (own: Sealed, sealer: Sealer): Promise<void> => {
  for (const name of await namesIn(own.files)) {
    const text = await loadOwn(own, name);
    const isOld = dataKeyOf((await own.files.read(pathOf(name))) ?? '') !== sealer.current;
    if (text !== undefined && isOld) await replaceOwn(own, name, text);
  }
};

/** `shared`: where those are that several controllers have; the data directory unless given. @throws ApiError InternalError naming the place. */
export const openKeyFiles = async (
  dataDir: string,
  sealer?: Sealer,
  shared: KeptFiles = filesOfDirectory(dataDir),
): Promise<KeyFiles> => {
  const own: Sealed = { files: filesOfDirectory(dataDir), sealer };
  const common: Sealed = { files: shared, sealer };
  const refuse = (error: unknown): never => {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError('InternalError', `cannot use the keys of ${shared.where}: ${why}`, undefined, error);
  };
  const alone = oneAtATime();
  for (const { files } of [own, common]) await files.prepare(folder).catch(refuse);
  const resealAll = async (by: Sealer): Promise<number> => {
    if (shared.isShared) await resealOwn(own, by);
    return reseal(shared, by);
  };
  if (sealer) await resealAll(sealer).catch(refuse);
  return {
    read: (name) => alone(() => load(common, name)).catch(refuse),
    make: (name, made) =>
      alone(async () => {
        const there = await load(common, name);
        if (there !== undefined) return there;
        const text = await made();
        if (await shared.replace(pathOf(name), undefined, seal(common, name, text))) return text;
        return (await load(common, name)) ?? refuse(new Error(`${name} comes and goes`));
      }).catch(refuse),
    readOwn: (name) => alone(() => loadOwn(own, name)).catch(refuse),
    writeOwn: (name, text) => alone(() => replaceOwn(own, name, text)).catch(refuse),
    sealed: sealer && {
      name: 'key files',
      counts: () => alone(() => countsOf(shared)).catch(refuse),
      resealSome: () => alone(() => resealAll(sealer)).catch(refuse),
    },
  };
};
