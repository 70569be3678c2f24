// Owns how guessing passwords is slowed: by account, by address, and by both together.
// I1: a try counts before it is made and is taken back when it was right: who sends many at once gains nothing.
// I2: what failed is durable before the answer, so a restart forgives nothing; after a day without a failure it does.
// I3: of one account from one address the wait doubles from the fourth failure up to 15 minutes. Of one account from
//     everywhere it grows to 30 seconds at most, and not for addresses from which it has been signed in to: whoever
//     guesses from elsewhere cannot lock the owner out.
// I4: whether the account exists does not matter anywhere here, and its name is kept as a hash: a password typed in
//     its place is not stored. Memory and rows are bounded, the oldest go first.
// I5: what failed at other controllers counts: their rows are read before each try.
import { ApiError } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/ids.ts';
import type { FactorStore, FailedTryRow } from '../../store/store.ts';
import { addressKey } from '../throttle.ts';

interface Limit {
  /** Failures that cost nothing. */
  readonly free: number;
  readonly maxMs: number;
}

const limits: Readonly<Record<'pair' | 'address' | 'account', Limit>> = {
  pair: { free: 3, maxMs: 15 * 60_000 },
  address: { free: 20, maxMs: 15 * 60_000 },
  account: { free: 10, maxMs: 30_000 },
};
const baseMs = 1_000;
const forgetMs = 86_400_000;
const knownMs = 90 * 86_400_000;
const maxRows = 20_000;

const delayMs = ({ free, maxMs }: Limit, count: number): number =>
  count <= free ? 0 : Math.min(maxMs, baseMs * 2 ** Math.min(30, count - free - 1));

export interface Attempt {
  /** Takes the try back, and what this address has failed of this account. */
  succeeded(): Promise<void>;
  /** Takes the try back, and nothing else. */
  undo(): Promise<void>;
}

export interface Slowing {
  /** @throws ApiError TooManyRequests, saying for how long. */
  begin(account: string, address: string): Promise<Attempt>;
}

const refuse = (waitMs: number): never => {
  const seconds = Math.ceil(waitMs / 1000);
  throw new ApiError(
    'TooManyRequests',
    `cannot sign in: too many tries that failed; try again in ${seconds} s`,
    { retryAfterSeconds: seconds },
  );
};

interface Deps {
  readonly factors: Pick<FactorStore, 'tries' | 'triesOf' | 'saveTry' | 'removeTries'>;
  readonly clock: Clock;
}

const keysOf = (account: string, address: string) => {
  const who = sha256Hex(account).slice(0, 32);
  const where = addressKey(address);
  return {
    pair: `pair ${who} ${where}`,
    address: `address ${where}`,
    account: `account ${who}`,
    known: `known ${who} ${where}`,
  };
};

const lifeOf = (key: string): number => (key.startsWith('known ') ? knownMs : forgetMs);

/** The rows in memory, each change durable when it resolves. */
const openTries = async ({ factors, clock }: Deps) => {
  const rows = new Map((await factors.tries()).map((row) => [row.key, row]));
  const isAlive = ({ key, lastMs }: FailedTryRow): boolean => clock.nowMs() - lastMs < lifeOf(key);
  const tidy = async (): Promise<void> => {
    const gone: string[] = [];
    for (const [key, row] of rows) {
      if (isAlive(row) && rows.size - gone.length <= maxRows) break;
      gone.push(key);
    }
    for (const key of gone) rows.delete(key);
    if (gone.length > 0) await factors.removeTries(gone);
  };
  return {
    /** I5. */
    refresh: async (keys: readonly string[]): Promise<void> => {
      const now = await factors.triesOf(keys);
      if (now === undefined) return;
      for (const key of keys) rows.delete(key);
      for (const row of now) rows.set(row.key, row);
    },
    get: (key: string): FailedTryRow | undefined => {
      const row = rows.get(key);
      return row !== undefined && isAlive(row) ? row : undefined;
    },
    put: async (key: string, count: number): Promise<void> => {
      const row = { key, count, lastMs: clock.nowMs() };
      rows.delete(key);
      rows.set(key, row);
      await factors.saveTry(row);
      await tidy();
    },
    remove: async (key: string): Promise<void> => {
      if (rows.delete(key)) await factors.removeTries([key]);
    },
  };
};

export const openSlowing = async (deps: Deps): Promise<Slowing> => {
  const tries = await openTries(deps);
  const kinds = ['pair', 'address', 'account'] as const;
  return {
    begin: async (account, address) => {
      const keys = keysOf(account, address);
      await tries.refresh(Object.values(keys));
      const isKnown = tries.get(keys.known) !== undefined;
      const waits = kinds.map((kind) => {
        const row = kind === 'account' && isKnown ? undefined : tries.get(keys[kind]);
        return row === undefined ? 0 : row.lastMs + delayMs(limits[kind], row.count) - deps.clock.nowMs();
      });
      const waitMs = Math.max(...waits);
      if (waitMs > 0) refuse(waitMs);
      await Promise.all(kinds.map((kind) => tries.put(keys[kind], (tries.get(keys[kind])?.count ?? 0) + 1)));
      const takeBack = async (some: readonly (typeof kinds)[number][]): Promise<void> => {
        for (const kind of some)
          await tries.put(keys[kind], Math.max(0, (tries.get(keys[kind])?.count ?? 0) - 1));
      };
      return {
        undo: () => takeBack(kinds),
        succeeded: async () => {
          await tries.remove(keys.pair);
          await takeBack(['address', 'account']);
          await tries.put(keys.known, 0);
        },
      };
    },
  };
};
