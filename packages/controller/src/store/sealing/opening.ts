// Owns how a data directory and its keyring come together at a start.
// I1: data that were sealed by another keyring are refused before anything is written.
// I2: what was written before there was a keyring is sealed, and taken out of the files' free space, before the start
//     goes on; a start that was killed on the way is repeated from where it stood.
import { ApiError } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import type { Threads } from '../threads.ts';
import { createSealedFactors } from './factors.ts';
import type { Keyring } from './keyring.ts';
import { sealedResources, sealPlainObjects } from './objects.ts';

/** Names in store.meta. */
export const idKey = 'keyring-id';
const sealedKey = 'sealed';

/** I1. Resolves when the keyring is durable and the data know it. */
const pair = async (threads: Threads, keyring: Keyring, dataDir: string): Promise<void> => {
  const known = await threads.read('meta.get', idKey);
  // Another controller, which began at the same time, may have made the first.
  if (known !== undefined && known !== keyring.id) await keyring.reload();
  if (known !== undefined && known !== keyring.id) {
    const why = `keys/secrets.json is missing or not the one by which they were sealed; restore it from a backup`;
    throw new ApiError('ServiceUnavailable', `cannot open the secrets of ${dataDir}: ${why}`);
  }
  await keyring.save();
  if (known === undefined) await threads.write('meta.set', { key: idKey, value: keyring.id });
};

const sealPlain = async (threads: Threads, sealer: Keyring): Promise<number> => {
  const deps = { threads: () => threads, sealer };
  const factors = createSealedFactors(deps);
  let total = await sealPlainObjects(deps);
  let some: number;
  do {
    some = await factors.resealSome();
    total += some;
  } while (some > 0);
  return total;
};

/** Returns the threads to go on with: others than it was given when it had to open them anew. */
export const openSealed = async (deps: {
  readonly dataDir: string;
  readonly threads: Threads;
  readonly keyring: Keyring;
  readonly log: Log;
  /** Opens the threads again, with what deleted and replaced rows have left taken away. */
  readonly reopen: () => Promise<Threads>;
}): Promise<Threads> => {
  const { keyring, log } = deps;
  let { threads } = deps;
  await pair(threads, keyring, deps.dataDir);
  const wanted = [...sealedResources, 'factors'].join(' ');
  if ((await threads.read('meta.get', sealedKey)) === wanted) return threads;
  if (await threads.read('sealed.isUsed', undefined)) {
    const count = await sealPlain(threads, keyring);
    await threads.close();
    threads = await deps.reopen();
    log.info({ count }, 'sealed what was stored in plain, and cleared what they left');
  }
  await threads.write('meta.set', { key: sealedKey, value: wanted });
  return threads;
};
