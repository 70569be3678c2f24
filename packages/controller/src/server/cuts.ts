// Owns ending what is open when its owner may not go on: watches, logs, transfers, terminals.
// I1: when a session or token is revoked, what it has open ends at once; so it does when its user is disabled or
//     deleted. One that runs out is noticed within `sweepMs`.
// I2: what begins while it is being revoked ends too: it is looked at once more after it is held.
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
  readonly end: () => void;
}

/** What proves the identity; '' when that cannot be taken away here. */
const credentialOf = (identity: Identity | null): string =>
  identity?.kind === 'user' ? (identity.credential ?? '') : '';

export const createCuts = ({ auth, store, resources, log }: Deps): Cuts => {
  const held = new Map<string, Set<Held>>();

  const cut = (credential: string): void => {
    for (const one of held.get(credential) ?? []) one.end();
    held.delete(credential);
  };
  const look = async (credential: string): Promise<void> => {
    const [one] = held.get(credential) ?? [];
    if (one !== undefined && !(await auth.isStillGood(one.identity))) cut(credential);
  };
  const lookAtAll = (): void => {
    const all = [...held.keys()].map(look);
    Promise.all(all).catch((error: unknown) => log.warn({ err: error }, 'cannot look whether sessions hold'));
  };

  const stop = new AbortController();
  void followKind({ resources, log, signal: stop.signal }, userKind, lookAtAll);
  const sweep = setInterval(lookAtAll, sweepMs);
  const forget = store.credentials.onRemove((ids) => {
    for (const id of ids) for (const kind of ['session', 'token'] as const) cut(`${kind}/${id}`);
  });

  return {
    hold: (identity, end) => {
      const credential = credentialOf(identity);
      if (identity === null || credential === '') return () => undefined;
      const one = { identity, end };
      const set = held.get(credential) ?? new Set();
      set.add(one);
      held.set(credential, set);
      look(credential).catch((error: unknown) =>
        log.warn({ err: error }, 'cannot look whether a session holds'),
      );
      return () => {
        set.delete(one);
        if (set.size === 0 && held.get(credential) === set) held.delete(credential);
      };
    },
    close: () => {
      stop.abort();
      clearInterval(sweep);
      forget();
    },
  };
};
