// Owns how it is seen when agents, API writes and watches are back after a fault: by what users have, clients behind the balancer.
// I1: a write counts for a fault when it was begun after it: what was under way may have passed before.
// I2: a watch must bring every acknowledged write of the writers, each version once, over all faults. Only where it was told that its
//     version is too old (410), it lists again, and what lies between is not missed.
// I3: a fault is felt by whom the victim holds a connection of: the others tell nothing of how long it takes to be back.
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigMap } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import { type Client, configMaps, createClient, type Endpoint } from '@drover/client';
import type { Door } from '../../test/harness/balancer.ts';

const everyMs = 100;
/** A client of a script: it does not wait longer for one answer. */
const patienceMs = 15_000;

/** When something worked: since when it was under way, and when it had. */
interface Success {
  readonly begunAt: number;
  readonly doneAt: number;
}

class Successes {
  readonly #seen: Success[] = [];

  add(one: Success): void {
    this.#seen.push(one);
  }

  /** When the first that was begun at `from` or later had worked. */
  backAt(from: number): number | undefined {
    return this.#seen.find(({ begunAt }) => begunAt >= from)?.doneAt;
  }
}

const isPassing = (error: unknown): boolean => error instanceof ApiError || error instanceof DOMException;

/** Where a probe comes in. */
interface Way {
  readonly endpoint: Endpoint;
  readonly door: Door;
}

/** Writes one ConfigMap again and again. */
class Writer {
  readonly name: string;
  readonly door: Door;
  readonly successes = new Successes();
  /** Values, in their order. */
  readonly acknowledged: number[] = [];
  readonly #client: Client;
  readonly #going: Promise<void>;
  broken = 0;

  constructor({ endpoint, door }: Way, name: string, signal: AbortSignal) {
    this.name = name;
    this.door = door;
    this.#client = createClient(endpoint);
    this.#going = this.#run(signal);
  }

  async #write(value: number): Promise<void> {
    const data = { value: String(value), at: String(performance.now()) };
    const patch = { type: 'merge', body: { data } } as const;
    await this.#client.patch(configMaps, this.name, patch, { signal: AbortSignal.timeout(patienceMs) });
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let value = 1; !signal.aborted; value++) {
      const begunAt = performance.now();
      try {
        await this.#write(value);
        this.successes.add({ begunAt, doneAt: performance.now() });
        this.acknowledged.push(value);
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.broken++;
      }
      await delay(everyMs);
    }
  }

  async end(): Promise<void> {
    await this.#going;
    this.#client.close();
  }

  /** Whether what was acknowledged last is there. */
  async isKept(by: Client): Promise<boolean> {
    const { data } = await by.get(configMaps, this.name);
    return Number(data?.['value'] ?? 0) >= (this.acknowledged.at(-1) ?? 0);
  }
}

/** What a watch has shown of one writer. */
class Shown {
  readonly #values = new Set<number>();
  /** Between two values, where it listed again (I2). */
  readonly #gaps: { readonly after: number; readonly before: number }[] = [];
  #highest = 0;

  add(value: number): void {
    this.#values.add(value);
    this.#highest = Math.max(this.#highest, value);
  }

  skipTo(value: number): void {
    this.#gaps.push({ after: this.#highest, before: value });
    this.add(value);
  }

  isMissing(value: number): boolean {
    return (
      !this.#values.has(value) && !this.#gaps.some(({ after, before }) => value > after && value < before)
    );
  }
}

const isExpired = (error: unknown): boolean => error instanceof ApiError && error.reason === 'Expired';

/** Lists all ConfigMaps of the writers, watches them from there, and goes on from where it was. */
class Watcher {
  readonly door: Door;
  readonly successes = new Successes();
  readonly #shown = new Map<string, Shown>();
  readonly #versions = new Set<string>();
  readonly #client: Client;
  readonly #listed = Promise.withResolvers<void>();
  readonly #going: Promise<void>;
  repeated = 0;
  lists = 0;

  constructor({ endpoint, door }: Way, signal: AbortSignal) {
    this.door = door;
    this.#client = createClient(endpoint);
    this.#going = this.#run(signal);
  }

  /** From here on it misses nothing. */
  ready(): Promise<void> {
    return Promise.race([this.#listed.promise, this.#going]);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.#list(signal);
        const options = { namespace: 'default', resourceVersion, signal };
        for await (const { object } of this.#client.watch(configMaps, options)) {
          resourceVersion = object.metadata.resourceVersion;
          this.#take(object);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) throw error;
        if (isExpired(error)) resourceVersion = undefined;
      }
      await delay(everyMs);
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { items, metadata } = await this.#client.list(configMaps, { namespace: 'default', signal });
    for (const { metadata, data } of items) {
      this.#versions.add(metadata.resourceVersion ?? '');
      const value = data?.['value'];
      if (value !== undefined) this.#of(metadata.name).skipTo(Number(value));
    }
    this.lists++;
    this.#listed.resolve();
    return metadata.resourceVersion;
  }

  #of(name = ''): Shown {
    const shown = this.#shown.get(name) ?? new Shown();
    this.#shown.set(name, shown);
    return shown;
  }

  #take({ metadata: { name, resourceVersion = '' }, data = {} }: ConfigMap): void {
    if (this.#versions.has(resourceVersion)) this.repeated++;
    this.#versions.add(resourceVersion);
    const { value, at } = data;
    if (value === undefined || at === undefined) return;
    this.successes.add({ begunAt: Number(at), doneAt: performance.now() });
    this.#of(name).add(Number(value));
  }

  /** How many acknowledged writes it has not shown (I2). */
  countMissing({ name, acknowledged }: Writer): number {
    const shown = this.#of(name);
    return acknowledged.filter((value) => shown.isMissing(value)).length;
  }

  async end(): Promise<void> {
    await this.#going;
    this.#client.close();
  }
}

/** Those that a fault is felt by (I3). */
export interface Hit {
  readonly writes: number;
  readonly watches: number;
  /** When all of them had worked with what was begun at `from` or later; undefined: not yet. */
  writesBackAt(from: number): number | undefined;
  watchesBackAt(from: number): number | undefined;
}

export interface Probes {
  /** Those of which that controller holds a connection now; undefined: all of them. */
  hitBy(controller: number | undefined): Hit;
  /** Ends them; what was not kept, and what watches did not bring or brought twice. */
  end(by: Client): Promise<ProbesVerdict>;
  /** Ends them, however far they are. */
  close(): Promise<void>;
}

export interface ProbesVerdict {
  readonly acknowledged: number;
  readonly broken: number;
  /** Writers whose last acknowledged write is gone. */
  readonly lost: readonly string[];
  /** Acknowledged writes that a watch has not shown, of all watches together. */
  readonly unseen: number;
  readonly repeated: number;
  /** How often a watch had to list again. */
  readonly relists: number;
}

const latest = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((last, one) => (last === undefined || one === undefined ? undefined : Math.max(last, one)), 0);

const backAt = (probes: readonly (Writer | Watcher)[], from: number): number | undefined =>
  latest(probes.map(({ successes }) => successes.backAt(from)));

const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

const untilSeen = async (watchers: readonly Watcher[], writers: readonly Writer[]): Promise<number> => {
  const unseen = (): number =>
    sum(watchers, (watcher) => sum(writers, (writer) => watcher.countMissing(writer)));
  const until = performance.now() + patienceMs;
  while (unseen() > 0 && performance.now() < until) await delay(everyMs);
  return unseen();
};

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `probe-${index}`);

interface ProbesDeps {
  readonly openWay: () => Promise<Way>;
  /** Makes what is written. */
  readonly by: Client;
  readonly count: number;
}

/** `count` writers and as many watchers, each with connections of its own. */
export const startProbes = async ({ openWay, by, count }: ProbesDeps): Promise<Probes> => {
  const names = namesOf(count);
  for (const name of names) await by.create(configMaps, { metadata: { name } });
  const [writing, watching] = [new AbortController(), new AbortController()];
  const openWays = (): Promise<readonly Way[]> => Promise.all(names.map(openWay));
  const watchers = (await openWays()).map((way) => new Watcher(way, watching.signal));
  await Promise.all(watchers.map((watcher) => watcher.ready()));
  const ways = await openWays();
  const writers = ways.map((way, index) => new Writer(way, names[index] ?? '', writing.signal));
  return {
    hitBy: (controller) => {
      const isHit = ({ door }: Writer | Watcher): boolean =>
        controller === undefined || door.isHeldBy(controller);
      const [writes, watches] = [writers.filter(isHit), watchers.filter(isHit)];
      return {
        ...{ writes: writes.length, watches: watches.length },
        writesBackAt: (from) => backAt(writes, from),
        watchesBackAt: (from) => backAt(watches, from),
      };
    },
    close: async () => {
      for (const one of [writing, watching]) one.abort();
      await Promise.all([...writers, ...watchers].map((one) => one.end()));
    },
    end: async (by) => {
      writing.abort();
      await Promise.all(writers.map((writer) => writer.end()));
      const unseen = await untilSeen(watchers, writers);
      watching.abort();
      await Promise.all(watchers.map((watcher) => watcher.end()));
      const kept = await Promise.all(writers.map((writer) => writer.isKept(by)));
      return {
        acknowledged: sum(writers, ({ acknowledged }) => acknowledged.length),
        broken: sum(writers, ({ broken }) => broken),
        lost: writers.filter((_, index) => kept[index] !== true).map(({ name }) => name),
        unseen,
        repeated: sum(watchers, ({ repeated }) => repeated),
        relists: sum(watchers, ({ lists }) => lists - 1),
      };
    },
  };
};
