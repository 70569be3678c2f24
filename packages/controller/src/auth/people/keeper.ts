// Owns that what belongs to a person ends with them.
// I1: at start there is a User for the first administrator, and nothing is kept of people who are gone.
// I2: when a User is deleted, its factors, sessions and tokens are removed; when it is disabled, its sessions and links.
//     Both prove nobody from the moment of the change (person.ts I1): this only tidies up.
import { ApiError, adminUser, type KubeObject, userKind } from '@drover/api';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources, WatchEvent } from '../../resources/resources.ts';
import type { CredentialStore, FactorStore } from '../../store/store.ts';
import { endSessions } from './passwords.ts';
import { asUser } from './person.ts';

export interface PeopleKeeper {
  close(): Promise<void>;
}

interface Deps {
  readonly resources: Pick<Resources, 'find' | 'list' | 'create' | 'watch' | 'catchUp'>;
  readonly factors: Pick<FactorStore, 'owners' | 'removeAll'>;
  readonly credentials: Pick<CredentialStore, 'ofUser' | 'remove'>;
  readonly log: Log;
}

const forget = async ({ factors, credentials }: Deps, { metadata }: KubeObject): Promise<void> => {
  const { name = '', uid = '' } = metadata;
  await factors.removeAll(uid);
  for (const row of await credentials.ofUser(name)) if (row.userUid === uid) await credentials.remove(row.id);
};

const removeOrphans = async ({ resources, factors }: Deps): Promise<void> => {
  const owners = await factors.owners();
  // Whoever owned something by then is shown afterwards.
  await resources.catchUp();
  const known = new Set(resources.list(userKind).items.map(({ metadata }) => metadata.uid));
  for (const uid of owners) if (!known.has(uid)) await factors.removeAll(uid);
};

/** I2. */
const tidyUp = async (deps: Deps, { type, object }: WatchEvent): Promise<void> => {
  if (type === 'DELETED') await forget(deps, object);
  else if (type !== 'BOOKMARK' && asUser(object).spec.disabled)
    await endSessions(deps.credentials, object.metadata.name ?? '');
};

/** Resolves when I1 holds; then keeps I2 until it is closed. */
export const openPeopleKeeper = async (deps: Deps): Promise<PeopleKeeper> => {
  if (deps.resources.find(userKind, '', adminUser) === undefined)
    await deps.resources
      .create(userKind, '', {
        metadata: { name: adminUser },
        spec: { displayName: 'First administrator' },
      })
      .catch((error: unknown) => {
        // Another controller, which starts at the same time, was faster.
        if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      });
  const stop = new AbortController();
  const following = followKind(
    { ...deps, signal: stop.signal },
    userKind,
    (event) => tidyUp(deps, event),
    () => removeOrphans(deps),
  );
  return {
    close: async () => {
      stop.abort();
      await following;
    },
  };
};
