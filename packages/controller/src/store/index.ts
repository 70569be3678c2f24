// Owns how the embedded store is put together.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { createAgents } from './agents.ts';
import { createAudit } from './audit.ts';
import { type Beside, openBeside } from './beside.ts';
import { openBlobs } from './blobs.ts';
import type { ThreadSource } from './channel.ts';
import { createCredentials } from './credentials.ts';
import { DiskWatch } from './disk/watch.ts';
import { createFactors } from './factors.ts';
import { createObjects } from './objects.ts';
import { createPending } from './pending.ts';
import { createSealedFactors } from './sealing/factors.ts';
import type { Keyring } from './sealing/keyring.ts';
import { keyringPath } from './sealing/keyring-file.ts';
import { createSealedObjects, type SealedValues } from './sealing/objects.ts';
import { openSealed } from './sealing/opening.ts';
import type { Others } from './sql/context.ts';
import type { Store } from './store.ts';
import { createTasks } from './tasks.ts';
import { openThreads, type Threads } from './threads.ts';

export interface StoreOptions {
  readonly dataDir: string;
  /** Address of the PostgreSQL database in which the rows are; files of the data directory unless given. */
  readonly url?: string | undefined;
  /** Id of this controller, where there may be several; '' unless given. */
  readonly controller?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes of the disk that uploads never use; 256 MiB unless given. */
  readonly reserveBytes?: number;
  /** With a database: the most that copies of content take of the disk; 10 GiB unless given. */
  readonly cacheBytes?: number | undefined;
  /** With a database: the most that content takes of it; 1 TiB unless given. */
  readonly contentBytes?: number | undefined;
  /** Seals what is secret. Without one (in tests of other things) nothing is sealed. */
  readonly keyring?: Keyring;
  /** A thread of the store died: every call is refused from now on, so the process should end and start anew. */
  readonly onDeath?: (error: unknown) => void;
  /** Where its threads come from; threads of its own unless given. */
  readonly threads?: ThreadSource;
}

const sealedValues = (deps: Parameters<typeof createSealedObjects>[0]): readonly SealedValues[] => [
  createSealedObjects(deps),
  createSealedFactors(deps),
];

const giveBack = async (threads: Threads, signal: AbortSignal): Promise<number> => {
  let bytes = 0;
  while (!signal.aborted) {
    const some = await threads.write('space.giveBackSome', undefined);
    if (some === 0) break;
    bytes += some;
  }
  return bytes;
};

const makeDirectory = async (dataDir: string): Promise<void> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `cannot open data directory ${dataDir}: it cannot be made (${why}); choose another --data-dir`;
    throw new ApiError('ServiceUnavailable', message, undefined, error);
  }
};

/** The keyring that another controller has changed. Under a new key-encryption key it takes a moment to be opened. */
const takeKeys = (keyring: Keyring, { kept }: Others, log: Log): void => {
  const text = kept.get(keyringPath);
  if (text === undefined || keyring.adopt(text)) return;
  keyring.reload().catch((err: unknown) => {
    log.error({ err }, 'cannot open the new data keys; give this controller the key that the others have');
  });
};

interface Faces {
  readonly objects: ReturnType<typeof createObjects>;
  readonly tasks: ReturnType<typeof createTasks>;
  readonly agents: ReturnType<typeof createAgents>;
  readonly credentials: ReturnType<typeof createCredentials>;
  readonly audit: ReturnType<typeof createAudit>;
  readonly keyring: Keyring | undefined;
  readonly log: Log;
  readonly onDeath: (error: unknown) => void;
}

/** Tells of what other controllers have committed. */
const follower =
  ({ objects, tasks, agents, credentials, audit, keyring, log, onDeath }: Faces) =>
  (others: Others): void => {
    try {
      if (keyring) takeKeys(keyring, others, log); // before what is sealed under them
      objects.tellOthers(others.objects);
      tasks.tellOthers(others);
      agents.tellOthers(others.agents);
      credentials.tellOthers(others);
      audit.tellOthers(others.audit);
    } catch (err) {
      // What is passed over once is missing for good.
      log.error({ err }, 'cannot follow what other controllers write; restart the controller');
      onDeath(err);
    }
  };

/**
 * Opens (or makes) the data directory and holds it until `close`, which ends when all that was asked is durable.
 * Throws ApiError ServiceUnavailable with one clear line: in use, not writable, written by a newer version, sealed by
 * another keyring.
 */
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const { clock, log, keyring, url, controller = '' } = options;
  const dataDir = resolve(options.dataDir);
  await makeDirectory(dataDir);
  let opened: Threads | undefined;
  const threads = (): Threads => {
    if (opened === undefined) throw new Error('cannot use the store: it is not open yet');
    return opened;
  };
  const shared = { threads, log, controller, isShared: url !== undefined };
  const objects = createObjects({ ...shared, sealer: keyring });
  const tasks = createTasks(shared);
  const agents = createAgents(shared);
  const credentials = createCredentials({ threads, log });
  const audit = createAudit({ threads, log });
  const disk = new DiskWatch({ dataDir, clock, log });
  await disk.begin();
  const onDeath = options.onDeath ?? (() => undefined);
  const follow = follower({ objects, tasks, agents, credentials, audit, keyring, log, onDeath });
  const open = async (scrub: boolean): Promise<Threads> => {
    const threads = await openThreads({
      ...{ place: url === undefined ? { dataDir } : { url }, scrub, source: options.threads, log },
      ...{ onDeath, onOthers: follow },
      onCommit: (reply) => {
        audit.flush(reply);
        objects.flush();
        tasks.flush(reply);
      },
    });
    // Of a database elsewhere the disk is not ours.
    return url === undefined ? disk.guard(threads) : threads;
  };
  opened = await open(false);
  let beside: Beside | undefined;
  try {
    if (keyring)
      opened = await openSealed({ dataDir, threads: opened, keyring, log, reopen: () => open(true) });
    await tasks.resume();
    await audit.resume();
    beside = await openBeside({ ...options, dataDir, threads });
    const blobs = await openBlobs({ clock, threads, bodies: beside.bodies });
    return {
      isShared: url !== undefined,
      objects: objects.store,
      tasks: tasks.store,
      agents: agents.store,
      credentials: credentials.store,
      factors: createFactors({ threads, sealer: keyring, isShared: shared.isShared }),
      pending: createPending({ threads, sealer: keyring }),
      blobs,
      recordings: beside.recordings,
      sealed: keyring ? sealedValues({ threads, sealer: keyring }) : [],
      audit: audit.store,
      disk,
      giveBack: (signal) => giveBack(threads(), signal),
      sizes: () => threads().read('sizes.read', undefined),
      meta: {
        get: (key) => threads().read('meta.get', key),
        set: (key, value) => threads().write('meta.set', { key, value }),
        replace: (key, was, value) => threads().write('meta.replace', { key, was, value }),
      },
      close: async () => {
        await agents.close();
        await disk.close();
        await beside?.close();
        await threads().close();
      },
    };
  } catch (error) {
    await beside?.close();
    await opened.close();
    throw error;
  }
};
