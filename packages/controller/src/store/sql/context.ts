// Owns what every statement family works with inside the worker thread.
// I1: counters never go back, also when the newest rows are removed: their floors are in table `counter`. They may leave gaps.
// I2: what a failed call did is undone in memory too: counters are set back, running digests forgotten.
import type { AuditLine } from '../store.ts';
import { loadHead } from './audit.ts';
import type { Database, Tuple, Value } from './database.ts';
import { Digests } from './digests.ts';
import type { Noticed } from './notices.ts';

export interface Counters {
  /** Newest revision of the object log. */
  revision: number;
  /** Newest change of a task. */
  change: number;
  /** Newest chunk of output. */
  cursor: number;
  /** Newest row of the audit trail, and its hash. */
  audit: number;
  auditHash: string;
  /** Newest notice (others.ts); 0 where nobody else writes. */
  notice: number;
}

/** What listeners are to be told once the transaction is durable. */
export interface Effects {
  /** Task id → its newest row. */
  readonly tasks: Map<string, Tuple>;
  /** Task id → work uid. */
  readonly output: Map<string, string>;
  readonly audit: AuditLine[];
}

/** What other controllers have written (others.ts). */
export interface Others {
  readonly objects: Tuple[];
  /** Task id → its newest row. */
  readonly tasks: Map<string, Tuple>;
  /** Task id → work uid. */
  readonly output: Map<string, string>;
  /** Node → its row; null: it was removed. */
  readonly agents: Map<string, Tuple | null>;
  /** Ids of credentials that were removed or used. */
  readonly credentials: Set<string>;
  /** Serial numbers of certificates that were revoked. */
  readonly certificates: Set<string>;
  /** Where the chain of the audit trail stood then; undefined: where it stood before. */
  audit: { readonly seq: number; readonly hash: string } | undefined;
  /** Path of a kept file → what is in it now. */
  readonly kept: Map<string, string>;
}

export const noOthers = (): Others => ({
  objects: [],
  tasks: new Map(),
  output: new Map(),
  agents: new Map(),
  credentials: new Set(),
  certificates: new Set(),
  audit: undefined,
  kept: new Map(),
});

export interface Context {
  readonly database: Database;
  readonly counters: Counters;
  readonly digests: Digests;
  /** Where the counters stood when it was last told what there is. */
  readonly seen: Counters;
  /** See notices.ts. */
  readonly noticed: Noticed;
  /** Milliseconds, on a clock that nobody sets. */
  elapsedMs(): number;
  /** What others have written and nobody has been told yet. */
  others: Others;
  effects: Effects;
  /** Buffers of the results, to be moved rather than copied to the main thread. */
  moved: ArrayBuffer[];
  /** Buffers of the arguments that nobody needs once the batch has ended: given back then, not some time later. */
  readonly spent: Set<ArrayBuffer>;
  /** Sends a statement that only the end of the call waits for. */
  send(sql: string, ...values: readonly Value[]): void;
  /** Resolves when all that was sent has been carried out. */
  sent(): Promise<void>;
}

export const newEffects = (): Effects => ({ tasks: new Map(), output: new Map(), audit: [] });

const newest = (query: string, floor: string): string =>
  `coalesce((SELECT max(n) FROM (${query} UNION ALL SELECT value FROM counter WHERE name = '${floor}') AS numbers), 0)`;

const newestNumbers = `SELECT ${newest('SELECT max(revision) AS n FROM object_log', 'compacted')} AS revision,
  ${newest('SELECT max(change) AS n FROM task', 'change')} AS change,
  ${newest('SELECT max(cursor) AS n FROM output', 'cursor')} AS cursor`;

/** As the database has them now. */
export const loadCounters = async (database: Database): Promise<Counters> => {
  const notices = database.isShared
    ? database.row('SELECT coalesce(max(seq), 0) AS n FROM notice')
    : undefined;
  const [numbers, head, notice] = await Promise.all([
    database.row(newestNumbers),
    loadHead(database),
    notices,
  ]);
  return {
    audit: head.seq,
    auditHash: head.hash,
    revision: Number(numbers?.['revision']),
    change: Number(numbers?.['change']),
    cursor: Number(numbers?.['cursor']),
    notice: Number(notice?.['n'] ?? 0),
  };
};

export const createContext = async (
  database: Database,
  elapsedMs: () => number = () => performance.now(),
): Promise<Context> => {
  let pending: PromiseLike<number>[] = [];
  const counters = await loadCounters(database);
  return {
    database,
    counters,
    seen: { ...counters },
    noticed: { oldSeq: 0, recentSeq: counters.notice, recentMs: elapsedMs() },
    elapsedMs,
    others: noOthers(),
    digests: new Digests(),
    effects: newEffects(),
    moved: [],
    spent: new Set(),
    send: (sql, ...values) => {
      const outcome = database.run(sql, ...values);
      if (typeof outcome === 'number') return;
      // Whoever waits for all hears of it; a call that fails before then does not wait.
      outcome.then(undefined, () => undefined);
      pending.push(outcome);
    },
    sent: async () => {
      const waiting = pending;
      pending = [];
      await Promise.all(waiting);
    },
  };
};

type Floor = 'compacted' | 'change' | 'cursor';

export const loadFloor = async ({ database }: Context, name: Floor): Promise<number> =>
  Number((await database.row('SELECT value FROM counter WHERE name = ?', name))?.['value'] ?? 0);

/** Raises a floor (I1), inside the running transaction. */
export const saveFloor = (context: Context, name: Floor, value: number): void =>
  context.send(
    `INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
     WHERE excluded.value > counter.value`,
    name,
    value,
  );
