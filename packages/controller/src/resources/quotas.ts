// Owns ResourceQuota: how many objects a namespace may have, and what its status says of it.
// I1: a limit is never passed, and never refuses what still fits: what is counted is what the cache shows and what is on its
//     way to the store, looked at and noted in one step. Where other controllers write too, the store counts once more as it writes.
// I2: what cannot be counted because it is not served is refused when the quota is written, not passed over.
// I3: status.used is brought up to date by a loop after every change; admission does not depend on it.
import {
  type Cause,
  countedResource,
  isEqualJson,
  isPlainObject,
  type Kind,
  type KubeObject,
  resourceKey,
} from '@drover/api';
import { createKeyedQueue, type KeyedQueue } from '../platform/keyed-queue.ts';
import type { Log } from '../platform/log.ts';
import { type Cache, type Change, type KindCache, toKey } from './cache.ts';
import { type ObjectName, refuse } from './errors.ts';
import type { Writer } from './writer.ts';

const quotaResource = 'resourcequotas';

const countsIn = (part: unknown, field: string): Readonly<Record<string, unknown>> => {
  const counts = isPlainObject(part) ? part[field] : undefined;
  return isPlainObject(counts) ? counts : {};
};

const limitsOf = (quota: KubeObject) => Object.entries(countsIn(quota['spec'], 'hard')).sort();

/** Counts and admits. */
export class Quotas {
  readonly #cache: Cache;
  /** `resource\0namespace` → keys of what is on its way to the store. */
  readonly #coming = new Map<string, Set<string>>();

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  #objectsOf(limit: string): KindCache | undefined {
    const resource = countedResource(limit);
    return this.#cache
      .all()
      .find(
        ({ kind }) =>
          kind.scope === 'Namespaced' && kind.transient !== true && resourceKey(kind) === resource,
      );
  }

  /** I2. */
  problems(kind: Kind, object: KubeObject): readonly Cause[] {
    if (resourceKey(kind) !== quotaResource) return [];
    return limitsOf(object)
      .filter(([limit]) => this.#objectsOf(limit) === undefined)
      .map(([limit]) => ({
        reason: 'FieldValueInvalid',
        field: `spec.hard[${limit}]`,
        message:
          'this is not served here, so it cannot be limited; name a kind in namespaces as count/<resource>.<group>',
      }));
  }

  #count(objects: KindCache, namespace: string): number {
    const coming = this.#coming.get(`${resourceKey(objects.kind)}\0${namespace}`) ?? [];
    return objects.count(namespace) + [...coming].filter((key) => objects.get(key) === undefined).length;
  }

  /** What a quota's status has to say. */
  status(quota: KubeObject): { readonly hard: object; readonly used: object } {
    const { namespace = '' } = quota.metadata;
    const used = limitsOf(quota).map(([limit]) => [
      limit,
      String(this.#objectsOf(limit)?.count(namespace) ?? 0),
    ]);
    return { hard: countsIn(quota['spec'], 'hard'), used: Object.fromEntries(used) };
  }

  /** The least number that one of the quotas allows; undefined: none is about it. */
  most({ kind, namespace }: ObjectName): number | undefined {
    if (kind.scope !== 'Namespaced') return undefined;
    const limits = this.#cache
      .ofResource(quotaResource)
      .entries(namespace)
      .flatMap(({ object }) => limitsOf(object))
      .filter(([limit]) => countedResource(limit) === resourceKey(kind))
      .map(([, hard]) => Number(hard));
    return limits.length === 0 ? undefined : Math.min(...limits);
  }

  /** Throws Forbidden when the object is one too many. To be called before the write; `done` after it. */
  admit(object: ObjectName): () => void {
    const { kind, namespace, name } = object;
    const quotas =
      kind.scope === 'Namespaced' ? this.#cache.ofResource(quotaResource).entries(namespace) : [];
    for (const { object: quota } of quotas) this.#check(object, quota);
    const id = `${resourceKey(kind)}\0${namespace}`;
    const coming = this.#coming.get(id) ?? new Set();
    const key = toKey(namespace, name);
    // Of two that come by one name only one is made: the other was refused as there already, or will be.
    if (coming.has(key)) return () => undefined;
    this.#coming.set(id, coming.add(key));
    return () => {
      coming.delete(key);
      if (coming.size === 0 && this.#coming.get(id) === coming) this.#coming.delete(id);
    };
  }

  #check(object: ObjectName, quota: KubeObject): void {
    const { kind, namespace } = object;
    const isCounted = ([limit]: readonly [string, unknown]) => countedResource(limit) === resourceKey(kind);
    const passed = limitsOf(quota)
      .filter(isCounted)
      .map(([limit, hard]) => ({
        limit,
        hard: Number(hard),
        used: this.#count(this.#cache.of(kind), namespace),
      }))
      .filter(({ hard, used }) => used + 1 > hard);
    if (passed.length === 0) return;
    const tell = (value: (one: (typeof passed)[number]) => number): string =>
      passed.map((one) => `${one.limit}=${value(one)}`).join(',');
    const why = `exceeded quota: ${quota.metadata.name}, requested: ${tell(() => 1)}, used: ${tell(({ used }) => used)}, limited: ${tell(({ hard }) => hard)}`;
    throw refuse('Forbidden', 'create', object, why);
  }
}

/** Keeps every quota's status (I3). */
export class QuotaKeeper {
  readonly #cache: Cache;
  readonly #queue: KeyedQueue;

  constructor({ cache, writer, quotas, log }: { cache: Cache; writer: Writer; quotas: Quotas; log: Log }) {
    this.#cache = cache;
    const { kind } = cache.ofResource(quotaResource);
    const keep = async (namespace: string): Promise<void> => {
      for (const { object } of cache.ofResource(quotaResource).entries(namespace)) {
        const name = { kind, namespace, name: object.metadata.name ?? '' };
        await writer.rewrite(name, (current) => {
          const status = quotas.status(current);
          return isEqualJson(current['status'], status) ? undefined : { ...current, status };
        });
      }
    };
    this.#queue = createKeyedQueue({
      step: keep,
      width: 4,
      log,
      onError: 'cannot keep the quotas of a namespace: trying again',
    });
    for (const { object } of cache.ofResource(quotaResource).entries(undefined)) {
      this.#queue.add(object.metadata.namespace ?? '');
    }
  }

  /** To be called with every change, in order. */
  see({ cache, record }: Change): void {
    const { namespace } = record.object.metadata;
    if (namespace === undefined) return;
    const quotas = this.#cache.ofResource(quotaResource);
    if (cache !== quotas && (record.type === 'MODIFIED' || quotas.count(namespace) === 0)) return;
    this.#queue.add(namespace);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
