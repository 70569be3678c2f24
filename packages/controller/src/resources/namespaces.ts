// Owns the life of namespaces: the permanent ones are made at start; one that is deleted takes its contents along.
// I1: a namespace goes only after everything in it has gone, and nothing can be made in it once it is marked.
// I2: its status says what it waits for (namespace-conditions.ts).
// I3: one with objects of kinds that are not served here is emptied by the controllers of the version that serves them.
import { isPlainObject, type KubeObject } from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import { createKeyedQueue, type KeyedQueue } from '../platform/keyed-queue.ts';
import type { Log } from '../platform/log.ts';
import type { Cache, Change, KindCache } from './cache.ts';
import { namespaceFinalizer, permanentNamespaces } from './deletion.ts';
import { isReason, type ObjectName } from './errors.ts';
import { withConditions } from './namespace-conditions.ts';
import { type Content, contentsOf } from './namespace-contents.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly cache: Cache;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly log: Log;
}

/** Others' finalizers stay: they are taken off through the finalize subresource by whoever put them there. */
const withoutOwnFinalizer = (object: KubeObject): KubeObject | undefined => {
  const spec = isPlainObject(object['spec']) ? object['spec'] : {};
  const had: readonly unknown[] = Array.isArray(spec['finalizers']) ? spec['finalizers'] : [];
  if (!had.includes(namespaceFinalizer)) return undefined;
  return { ...object, spec: { ...spec, finalizers: had.filter((name) => name !== namespaceFinalizer) } };
};

export class Namespaces {
  readonly #deps: Deps;
  readonly #namespaces: KindCache;
  readonly #queue: KeyedQueue;
  /** Namespaces that are being deleted. */
  readonly #terminating = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#namespaces = deps.cache.ofResource('namespaces');
    this.#queue = createKeyedQueue({
      step: (name) => this.#empty(name),
      width: 4,
      log: deps.log,
      onError: 'cannot empty a namespace: trying again',
    });
    for (const { object } of this.#namespaces.entries(undefined)) this.#note(object);
  }

  /** Makes the permanent namespaces where they are missing. */
  async start(): Promise<void> {
    const { kind } = this.#namespaces;
    for (const name of permanentNamespaces) {
      if (this.#deps.writer.find({ kind, namespace: '', name }) !== undefined) continue;
      await this.#deps.writer.create(kind, '', { metadata: { name } }).catch((error: unknown) => {
        // Another controller, which starts at the same time, was faster.
        if (!isReason(error, 'AlreadyExists')) throw error;
      });
    }
  }

  /** To be called with every change, in order. */
  see({ cache, record }: Change): void {
    if (cache === this.#namespaces) {
      if (record.type === 'DELETED') this.#terminating.delete(record.object.metadata.name ?? '');
      else this.#note(record.object);
      return;
    }
    const { namespace } = record.object.metadata;
    if (namespace !== undefined && this.#terminating.has(namespace)) this.#queue.add(namespace);
  }

  #note(object: KubeObject): void {
    const { name = '', deletionTimestamp } = object.metadata;
    if (deletionTimestamp === undefined) return;
    this.#terminating.add(name);
    this.#queue.add(name);
  }

  async #empty(namespace: string): Promise<void> {
    const { cache, clock, writer } = this.#deps;
    const self: ObjectName = { kind: this.#namespaces.kind, namespace: '', name: namespace };
    if (writer.find(self)?.metadata.deletionTimestamp === undefined) return;
    await Promise.all(contentsOf(cache, namespace).map((content) => this.#delete(content)));
    const unserved = cache.unservedIn(namespace);
    if (unserved.length > 0) {
      const why =
        'a namespace waits for a controller of a newer version: it holds what this one does not serve';
      this.#deps.log.warn({ namespace, unserved }, why); // I3
      return;
    }
    // Creations that were on their way when the mark was made are in the store before this write is.
    const marked = await writer.rewrite(self, (object) =>
      withConditions(object, contentsOf(cache, namespace), toTimestamp(clock.nowMs())),
    );
    if (marked === undefined || contentsOf(cache, namespace).length > 0) return;
    await writer.rewrite(self, withoutOwnFinalizer);
  }

  async #delete({ kind, object }: Content): Promise<void> {
    const { namespace = '', name = '' } = object.metadata;
    try {
      await this.#deps.writer.delete({ kind, namespace, name }, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
