// A year of use in minutes: the real store, resources, engine, controllers and retention with a clock that is turned forward
// by a step of some days at a time. For `npm run bench -- year` and its small version among the tests.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { allKinds, eventKind, namespaceKind, type RetentionSpec } from '@drover/api';
import { RetentionPass } from './controllers/retention/controller.ts';
import { keepRetentionPolicy } from './controllers/retention/policy.ts';
import { runWorkController } from './controllers/work/controller.ts';
import { createEngine } from './engine/engine.ts';
import type { Clock } from './platform/clock.ts';
import { createHold } from './platform/hold.ts';
import { silentLog } from './platform/log.ts';
import { createResources } from './resources/index.ts';
import { createRecorder } from './server/recorder.ts';
import { openStore } from './store/index.ts';
import type { Store } from './store/store.ts';
import { allSizes, allSweeps } from './sweeps.ts';
import { openFleet, rates } from './test-year-fleet.ts';

const dayMs = 86_400_000;
const retentionMs = 20;
const restMs = 2 * 3_600_000;

export interface YearOptions {
  readonly dataDir: string;
  readonly nodes: number;
  /** See FleetDeps. */
  readonly share: number;
  readonly stepDays: number;
  readonly policy: Partial<RetentionSpec>;
}

/** What retention and compaction cost in a step, and how long somebody waited who wrote meanwhile. */
export interface StepCost {
  readonly sweepMs: number;
  readonly compactMs: number;
  readonly longestWriteMs: number;
}

/** Bytes by table (with its indexes) or file; `rows` by table. */
export interface YearSizes {
  readonly tableBytes: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly freeBytes: number;
  readonly fileBytes: Readonly<Record<string, number>>;
}

const sizeOf = async (path: string): Promise<number> => {
  const about = await stat(path);
  if (!about.isDirectory()) return about.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
};

const measure = async (dataDir: string): Promise<YearSizes> => {
  const database = new DatabaseSync(join(dataDir, 'drover.db'), { readOnly: true });
  const count = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const names = tables.map((row) => String(row['name']));
  const bytes = database
    .prepare(
      `SELECT tbl_name AS name, sum(pgsize) AS bytes FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name`,
    )
    .all();
  const sizes = {
    tableBytes: Object.fromEntries(bytes.map((row) => [String(row['name']), Number(row['bytes'])])),
    rows: Object.fromEntries(names.map((name) => [name, count(`SELECT count(*) FROM ${name}`)])),
    freeBytes: count('PRAGMA freelist_count') * count('PRAGMA page_size'),
  };
  // With what still lies in the log beside it.
  const pageBytes = count('PRAGMA page_count') * count('PRAGMA page_size');
  database.close();
  const entries = await readdir(dataDir);
  const files = await Promise.all(
    entries.map(async (name) => [name, await sizeOf(join(dataDir, name))] as const),
  );
  return { ...sizes, fileBytes: { ...Object.fromEntries(files), 'drover.db': pageBytes } };
};

/** Of a write at a time, until told to end: how long the longest took. */
const probe = (store: Store): (() => Promise<number>) => {
  let [goesOn, longest] = [true, 0];
  const going = (async () => {
    while (goesOn) {
      const start = performance.now();
      await store.meta.set('year-probe', String(start));
      longest = Math.max(longest, performance.now() - start);
    }
  })();
  // Told by who ends it.
  going.catch(() => undefined);
  return async () => {
    goesOn = false;
    await going;
    return longest;
  };
};

/** Resources whose pass over former states and Events is counted, and its compaction timed. */
const openResources = async (store: Store, clock: Clock) => {
  const told = { compactMs: 0, passes: 0 };
  const compact = async (revision: number): Promise<number> => {
    const start = performance.now();
    const removed = await store.objects.compact(revision);
    told.compactMs += performance.now() - start;
    return removed;
  };
  // Each pass notes how far it looks, and then compacts.
  const set = async (key: string, value: string): Promise<void> => {
    await store.meta.set(key, value);
    told.passes += 1;
  };
  const resources = await createResources({
    store: { objects: { ...store.objects, compact }, meta: { ...store.meta, set } },
    ...{ kinds: allKinds, clock, log: silentLog, retention: { everyMs: retentionMs } },
  });
  await resources.create(namespaceKind, '', { metadata: { name: 'default' } }).catch(() => undefined);
  return { resources, told };
};

const openRooms = async ({ dataDir, policy }: YearOptions, clock: Clock) => {
  const base = { clock, log: silentLog };
  const store = await openStore({ ...base, dataDir });
  const { resources, told } = await openResources(store, clock);
  const engine = createEngine({ ...base, store });
  const controller = runWorkController({ ...base, resources, engine });
  const recordings = createRecorder({ recordings: store.recordings, clock });
  const kept = { store, resources, recordings, hold: createHold() };
  const wish = { initial: policy, onChange: () => undefined };
  const keeper = await keepRetentionPolicy({ resources, log: silentLog, ...wish });
  const sweeps = allSweeps({ ...kept, clock });
  const pass = new RetentionPass({ ...base, resources, sweeps, sizes: () => allSizes(kept) });
  const close = async (): Promise<void> => {
    await keeper.close();
    await controller.close();
    engine.close();
    await resources.close();
    await store.close();
  };
  return { store, resources, told, pass, close };
};

export interface Year {
  /** After two hours of rest, so that no Event and no former state is of the last step only. */
  sizes(): Promise<YearSizes>;
  /** Turns the clock, plays the fleet, and lets retention do what is due. */
  step(): Promise<StepCost>;
  /** The longest write with nothing else going on: what the disk does of itself. */
  idleWriteMs(forMs: number): Promise<number>;
  close(): Promise<void>;
}

/** Starts on 1 January 2026 in an empty data directory. */
export const openYear = async (options: YearOptions): Promise<Year> => {
  const { dataDir, nodes, stepDays } = options;
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { nowMs: () => nowMs };
  const { store, resources, told, pass, close } = await openRooms(options, clock);
  const fleet = await openFleet({ ...options, store, resources, clock });
  const signal = new AbortController().signal;
  /** A pass that began after all that is now has ended, and all Events that are old are gone (some go in each). */
  const settle = async (): Promise<void> => {
    const mostEvents = 2 * Math.ceil(nodes * rates.reconnectsPerNode * stepDays);
    for (const from = told.passes; told.passes < from + 3 || resources.size(eventKind) > mostEvents; )
      await new Promise((resolve) => setTimeout(resolve, retentionMs / 5));
  };
  return {
    sizes: async () => {
      nowMs += restMs;
      await settle();
      return measure(dataDir);
    },
    idleWriteMs: async (forMs) => {
      const end = probe(store);
      await new Promise((resolve) => setTimeout(resolve, forMs));
      return end();
    },
    step: async () => {
      told.compactMs = 0;
      nowMs += stepDays * dayMs;
      await fleet.step();
      const end = probe(store);
      await settle();
      const start = performance.now();
      await pass.run(signal);
      const sweepMs = performance.now() - start;
      return { sweepMs, compactMs: told.compactMs, longestWriteMs: await end() };
    },
    close: () => {
      fleet.close();
      return close();
    },
  };
};
