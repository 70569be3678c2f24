// Owns how it is seen when agents, API writes and watches are back after a fault: by what users have, clients behind the balancer.
// I1: a write counts for a fault when it was begun after it: what was under way may have passed before.
// I2: a watch must bring every acknowledged write of the writers, each version once, over all faults.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import { type Client, configMaps, createClient, type Endpoint } from '@drover/client';

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

/** Writes one ConfigMap again and again. */
class Writer {
  readonly name: string;
  readonly successes = new Successes();
  readonly #client: Client;
  readonly #going: Promise<void>;
  acknowledged = 0;
  broken = 0;

  constructor(endpoint: Endpoint, name: string, signal: AbortSignal) {
    this.name = name;
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
        this.acknowledged = value;
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
    return Number((await by.get(configMaps, this.name)).data?.['value'] ?? 0) >= this.acknowledged;
  }
}

/** Watches all ConfigMaps of the writers, and goes on from where it was. */
class Watcher {
  readonly successes = new Successes();
  readonly #seen = new Map<string, Set<number>>();
  readonly #versions = new Set<string>();
  readonly #client: Client;
  readonly #going: Promise<void>;
  repeated = 0;

  constructor(endpoint: Endpoint, signal: AbortSignal) {
    this.#client = createClient(endpoint);
    this.#going = this.#run(signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        const options = { namespace: 'default', resourceVersion, signal };
        for await (const { object } of this.#client.watch(configMaps, options)) {
          const { name = '', resourceVersion: version = '' } = object.metadata;
          resourceVersion = version;
          this.#take(name, version, object.data ?? {});
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) throw error;
      }
      await delay(everyMs);
    }
  }

  #take(name: string, version: string, data: Readonly<Record<string, string>>): void {
    const { value, at } = data;
    if (value === undefined || at === undefined) return;
    if (this.#versions.has(version)) this.repeated++;
    this.#versions.add(version);
    this.successes.add({ begunAt: Number(at), doneAt: performance.now() });
    const values = this.#seen.get(name) ?? new Set<number>();
    this.#seen.set(name, values.add(Number(value)));
  }

  hasSeen({ name, acknowledged }: Writer): boolean {
    return acknowledged === 0 || this.#seen.get(name)?.has(acknowledged) === true;
  }

  async end(): Promise<void> {
    await this.#going;
    this.#client.close();
  }
}

export interface Probes {
  /** When all of them had worked with what was begun at `from` or later; undefined: not yet. */
  writesBackAt(from: number): number | undefined;
  watchesBackAt(from: number): number | undefined;
  /** Ends them; what was not kept, and what watches did not bring or brought twice. */
  end(by: Client): Promise<ProbesVerdict>;
}

export interface ProbesVerdict {
  readonly acknowledged: number;
  readonly broken: number;
  /** Writers whose last acknowledged write is gone. */
  readonly lost: readonly string[];
  readonly unseen: number;
  readonly repeated: number;
}

const latest = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((last, one) => (last === undefined || one === undefined ? undefined : Math.max(last, one)), 0);

const untilSeen = async (watchers: readonly Watcher[], writers: readonly Writer[]): Promise<number> => {
  const unseen = (): number =>
    watchers.flatMap((watcher) => writers.filter((writer) => !watcher.hasSeen(writer))).length;
  const until = performance.now() + patienceMs;
  while (unseen() > 0 && performance.now() < until) await delay(everyMs);
  return unseen();
};

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `probe-${index}`);

/** `count` writers and as many watchers, each with connections of its own. What is written is made by `by`. */
export const startProbes = async (endpoint: Endpoint, by: Client, count: number): Promise<Probes> => {
  const names = namesOf(count);
  for (const name of names) await by.create(configMaps, { metadata: { name } });
  const [writing, watching] = [new AbortController(), new AbortController()];
  const watchers = Array.from({ length: count }, () => new Watcher(endpoint, watching.signal));
  const writers = names.map((name) => new Writer(endpoint, name, writing.signal));
  return {
    writesBackAt: (from) => latest(writers.map(({ successes }) => successes.backAt(from))),
    watchesBackAt: (from) => latest(watchers.map(({ successes }) => successes.backAt(from))),
    end: async (by) => {
      writing.abort();
      await Promise.all(writers.map((writer) => writer.end()));
      const unseen = await untilSeen(watchers, writers);
      watching.abort();
      await Promise.all(watchers.map((watcher) => watcher.end()));
      const kept = await Promise.all(writers.map((writer) => writer.isKept(by)));
      const sum = (of: (writer: Writer) => number): number => writers.reduce((all, one) => all + of(one), 0);
      return {
        acknowledged: sum(({ acknowledged, broken }) => acknowledged - broken),
        broken: sum(({ broken }) => broken),
        lost: writers.filter((_, index) => kept[index] !== true).map(({ name }) => name),
        unseen,
        repeated: watchers.reduce((all, { repeated }) => all + repeated, 0),
      };
    },
  };
};
