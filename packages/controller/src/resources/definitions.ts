// Owns the kinds that users define: which are served, and the life of their definitions.
// I1: a kind is served from the commit on that says Established, and again after a restart; its watches are ended when its
//     definition changes, so that who watches asks anew and sees the new form.
// I2: a definition goes after all its objects: until then its finalizer holds it, and nothing new of the kind is made.
// I3: what a definition says of itself in status follows from all definitions of its group (api: custom/status.ts).
import {
  apiVersionOf,
  asDefinition,
  type CustomResourceDefinition,
  cleanupFinalizer,
  customResourceDefinitionKind,
  definedResource,
  isEqualJson,
  isServed,
  type Kind,
  type KubeObject,
  planDefinitionStatus,
  resourceKey,
  storedApiVersionOf,
  takenNames,
  toCustomKinds,
  toTerminating,
} from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import { createKeyedQueue, type KeyedQueue } from '../platform/keyed-queue.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectRow } from '../store/store.ts';
import type { Cache, Change, KindCache } from './cache.ts';
import { isReason, type ObjectName } from './errors.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly cache: Cache;
  readonly writer: Writer;
  /** Those that are not defined by users. */
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
  /** Told of a kind whose definition changed or went. */
  readonly onChange: (cache: KindCache) => void;
}

const definitionKey = resourceKey(customResourceDefinitionKind);

const isStored = (kind: Kind): boolean => apiVersionOf(kind) === storedApiVersionOf(kind);

/** Kinds of the definitions among stored rows, in the version that they are stored in. */
export const storedKinds = (rows: readonly ObjectRow[]): readonly Kind[] =>
  rows
    .filter((row) => row.resource === definitionKey)
    .map((row) => asDefinition(row.value))
    .filter(isServed)
    .flatMap((definition) => toCustomKinds(definition).filter(isStored));

interface Served {
  readonly spec: CustomResourceDefinition['spec'];
  readonly resource: string;
  readonly kinds: readonly Kind[];
}

export class Definitions {
  readonly #deps: Deps;
  readonly #definitions: KindCache | undefined;
  readonly #queue: KeyedQueue;
  /** By name of the definition. */
  readonly #served = new Map<string, Served>();
  readonly #ownGroups: ReadonlySet<string>;
  #kinds: readonly Kind[];
  #byPath: ReadonlyMap<string, Kind> = new Map();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#kinds = deps.kinds;
    this.#ownGroups = new Set(deps.kinds.map(({ group }) => group));
    this.#definitions = deps.cache.findResource(definitionKey);
    this.#queue = createKeyedQueue({
      step: (name) => this.#reconcile(name),
      width: 4,
      log: deps.log,
      onError: 'cannot bring a definition in order: trying again',
    });
    for (const object of this.#objects()) {
      this.#serve(object);
      this.#queue.add(object.metadata.name ?? '');
    }
  }

  /** All kinds, Drover's own first; the same list until something changes. */
  get kinds(): readonly Kind[] {
    return this.#kinds;
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  #objects(): readonly KubeObject[] {
    return (this.#definitions?.entries(undefined) ?? []).map(({ object }) => object);
  }

  /** To be called with every change, in order. */
  see({ cache, record }: Change): void {
    const { metadata } = record.object;
    if (cache === this.#definitions) {
      if (record.type === 'DELETED') this.#withdraw(metadata.name ?? '');
      else this.#serve(record.object);
      // Names may have become free, or taken.
      const { group } = asDefinition(record.object).spec;
      for (const object of this.#objects())
        if (asDefinition(object).spec.group === group) this.#queue.add(object.metadata.name ?? '');
    } else if (cache.isClosing) this.#queue.add(resourceKey(cache.kind));
  }

  #serve(object: KubeObject): void {
    const definition = asDefinition(object);
    const { name = '', deletionTimestamp } = definition.metadata;
    if (!isServed(definition)) return;
    const had = this.#served.get(name);
    const resource = definedResource(definition);
    if (had === undefined || !isEqualJson(had.spec, definition.spec)) {
      const kinds = toCustomKinds(definition);
      const cache = kinds.filter(isStored).map((kind) => this.#deps.cache.serve(kind))[0];
      this.#served.set(name, { spec: definition.spec, resource, kinds });
      this.#list();
      if (had !== undefined && cache !== undefined) this.#deps.onChange(cache);
    }
    const cache = this.#deps.cache.findResource(resource);
    if (cache !== undefined) cache.isClosing = deletionTimestamp !== undefined;
  }

  #withdraw(name: string): void {
    const had = this.#served.get(name);
    if (had === undefined) return;
    this.#served.delete(name);
    const cache = this.#deps.cache.withdraw(had.resource);
    this.#list();
    if (cache !== undefined) this.#deps.onChange(cache);
  }

  #list(): void {
    const custom = [...this.#served.values()]
      .flatMap(({ kinds }) => kinds)
      .filter((kind) => kind.custom?.isServed === true);
    this.#kinds = [...this.#deps.kinds, ...custom];
    this.#byPath = new Map(custom.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));
  }

  async #reconcile(name: string): Promise<void> {
    const kind = this.#definitions?.kind;
    if (kind === undefined) return;
    const self: ObjectName = { kind, namespace: '', name };
    const current = this.#deps.writer.find(self);
    if (current === undefined) return;
    if (current.metadata.deletionTimestamp !== undefined) return this.#empty(self, current);
    await this.#deps.writer.rewrite(self, (object) => this.#settled(object));
  }

  /** The definition with its finalizer and the status that it should have; undefined when it has them. */
  #settled(object: KubeObject): KubeObject | undefined {
    const definition = asDefinition(object);
    if (definition.metadata.deletionTimestamp !== undefined) return undefined;
    const taken = takenNames(definition, this.#objects().map(asDefinition));
    const reserved = this.#ownGroups.has(definition.spec.group);
    const now = toTimestamp(this.#deps.clock.nowMs());
    const status = planDefinitionStatus(definition, taken, { reserved, now });
    const finalizers = object.metadata.finalizers ?? [];
    const isHeld = finalizers.includes(cleanupFinalizer);
    if (isHeld && status === object['status']) return undefined;
    const metadata = isHeld
      ? object.metadata
      : { ...object.metadata, finalizers: [...finalizers, cleanupFinalizer] };
    return { ...object, metadata, status };
  }

  /** I2. */
  async #empty(self: ObjectName, current: KubeObject): Promise<void> {
    const { cache, writer, clock } = this.#deps;
    const served = this.#served.get(self.name);
    const objects = served && cache.findResource(served.resource);
    const remaining = (): readonly KubeObject[] =>
      (objects?.entries(undefined) ?? []).map(({ object }) => object);
    if (objects !== undefined)
      await Promise.all(remaining().map((object) => this.#delete(objects.kind, object)));
    const now = toTimestamp(clock.nowMs());
    // Creations that were on their way when the definition was marked are in the store before this write is.
    await writer.rewrite(self, (object) => {
      const status = toTerminating(asDefinition(object), remaining().length, now);
      return status === object['status'] ? undefined : { ...object, status };
    });
    if (remaining().length > 0 || current.metadata.finalizers === undefined) return;
    await writer.rewrite(self, (object) => {
      const { finalizers = [], ...metadata } = object.metadata;
      const kept = finalizers.filter((name) => name !== cleanupFinalizer);
      if (kept.length === finalizers.length) return undefined;
      return { ...object, metadata: kept.length > 0 ? { ...metadata, finalizers: kept } : metadata };
    });
  }

  async #delete(kind: Kind, { metadata }: KubeObject): Promise<void> {
    if (metadata.deletionTimestamp !== undefined) return;
    const object: ObjectName = { kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
    try {
      await this.#deps.writer.delete(object, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
