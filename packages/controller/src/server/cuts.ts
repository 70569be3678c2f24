// Owns ending what is open when its owner may not go on: watches, logs, transfers, terminals.
// I1: when a session, token or certificate is revoked, what it has open ends at once; so it does when its user is disabled or
//     deleted. One that runs out is noticed within `sweepMs`.
// I2: what begins while it is being revoked ends too: it is looked at once more after it is held.
// I3: a change of a user costs a look at what that user has open, however much others have.
import { userKind } from '@drover/api';
import type { Identity } from '../auth/identity.ts';
import type { Log } from '../platform/log.ts';
import { followKind } from '../resources/follow.ts';
import type { ServerOptions } from './deps.ts';

const sweepMs = 15_000;

export interface Cuts {
  /** Calls `end` once, when the identity does not hold any more. Answers what to call when the thing is over. */
  hold(identity: Identity | null, end: () => void): () => void;
  close(): void;
}

interface Deps {
  readonly auth: Pick<ServerOptions['auth'], 'isStillGood'>;
  readonly store: {
    readonly credentials: Pick<ServerOptions['store']['credentials'], 'onRemove'>;
  };
  readonly resources: Pick<ServerOptions['resources'], 'watch'>;
  readonly log: Log;
}

interface Held {
  readonly identity: Identity;
  readonly credential: string;
  /** Whose it is: also of what somebody does in another's name. */
  readonly owner: string;
  readonly end: () => void;
}

/** Sets by a key; none is empty. */
type Groups<T> = Map<string, Set<T>>;

const addTo = <T>(groups: Groups<T>, key: string, item: T): void => {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([item]));
  else group.add(item);
};

const removeFrom = <T>(groups: Groups<T>, key: string, item: T): void => {
  const group = groups.get(key);
  group?.delete(item);
  if (group?.size === 0) groups.delete(key);
};

/** Undefined: what proves the identity cannot be taken away here. */
const toHeld = (identity: Identity | null, end: () => void): Held | undefined => {
  if (identity?.kind !== 'user' || identity.credential === undefined) return undefined;
  const { credential, name, impersonator } = identity;
  return { identity, credential, owner: impersonator ?? name, end };
};

export const createCuts = ({ auth, store, resources, log }: Deps): Cuts => {
  const held: Groups<Held> = new Map();
  /** Credentials in `held` by their owner (I3). */
  const owned: Groups<string> = new Map();

  const release = (one: Held): void => {
    removeFrom(held, one.credential, one);
    if (!held.has(one.credential)) removeFrom(owned, one.owner, one.credential);
  };
  const cut = (credential: string): void => {
    for (const one of [...(held.get(credential) ?? [])]) {
      release(one);
      one.end();
    }
  };
  const look = async (credential: string): Promise<void> => {
    const [one] = held.get(credential) ?? [];
    if (one !== undefined && !(await auth.isStillGood(one.identity))) cut(credential);
  };
  const lookAt = (credentials: Iterable<string>): void => {
    Promise.all([...credentials].map(look)).catch((error: unknown) =>
      log.warn({ err: error }, 'cannot look whether sessions hold'),
    );
  };
  const lookAtAll = (): void => lookAt(held.keys());

  const stop = new AbortController();
  void followKind(
    { resources, log, signal: stop.signal },
    userKind,
    ({ object }) => lookAt(owned.get(object.metadata.name ?? '') ?? []),
    // A user that was deleted since is not told after a break.
    async () => lookAtAll(),
  );
  const sweep = setInterval(lookAtAll, sweepMs);
  const forget = store.credentials.onRemove((ids) => {
    for (const id of ids)
      for (const kind of ['session', 'token', 'certificate'] as const) cut(`${kind}/${id}`);
  });

  return {
    hold: (identity, end) => {
      const one = toHeld(identity, end);
      if (one === undefined) return () => undefined;
      addTo(held, one.credential, one);
      addTo(owned, one.owner, one.credential);
      lookAt([one.credential]);
      return () => release(one);
    },
    close: () => {
      stop.abort();
      clearInterval(sweep);
      forget();
    },
  };
};
