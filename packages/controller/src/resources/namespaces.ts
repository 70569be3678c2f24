// Owns the life of namespaces: the permanent ones are made at start; one that is deleted takes its contents along.
// I1: a namespace goes only after everything in it has gone, and nothing can be made in it once it is marked.
import { isPlainObject, type Kind, type KubeObject, resourceKey } from '@drover/api';
import { createBackoff } from '../platform/backoff.ts';
import type { Log } from '../platform/log.ts';
import type { Cache, Change, KindCache } from './cache.ts';
import { permanentNamespaces } from './deletion.ts';
import { isReason, type ObjectName } from './errors.ts';
import { WorkQueue } from './work-queue.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly cache: Cache;
  readonly writer: Writer;
  readonly log: Log;
}

const withSpecFinalizers = (object: KubeObject, finalizers: readonly string[]): KubeObject | undefined => {
  const spec = isPlainObject(object['spec']) ? object['spec'] : {};
  const had = Array.isArray(spec['finalizers']) ? spec['finalizers'] : [];
  if (had.length === finalizers.length) return undefined;
  return { ...object, spec: { ...spec, finalizers: [...finalizers] } };
};

export class Namespaces {
  readonly #deps: Deps;
  readonly #namespaces: KindCache;
  readonly #queue: WorkQueue<string>;
  /** Namespaces that are being deleted. */
  readonly #terminating = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#namespaces = deps.cache.ofResource('namespaces');
    this.#queue = new WorkQueue({
      run: (name) => this.#empty(name),
      id: (name) => name,
      width: 4,
      backoff: () => createBackoff({ baseMs: 100, maxMs: 30_000 }),
      onError: (err, namespace) =>
        deps.log.warn({ err, namespace }, 'cannot empty the namespace, will try again'),
    });
    for (const { object } of this.#namespaces.entries(undefined)) this.#note(object);
  }

  /** Makes the permanent namespaces where they are missing. */
  async start(): Promise<void> {
    const { kind } = this.#namespaces;
    for (const name of permanentNamespaces) {
      if (this.#deps.writer.find({ kind, namespace: '', name }) !== undefined) continue;
      await this.#deps.writer.create(kind, '', { metadata: { name } });
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

  #contents(namespace: string): readonly ObjectName[] {
    return this.#deps.cache
      .all()
      .filter((cache) => cache.kind.scope === 'Namespaced')
      .flatMap((cache) =>
        cache.entries(namespace).map(({ object }) => ({
          kind: cache.kind,
          namespace,
          name: object.metadata.name ?? '',
        })),
      );
  }

  async #empty(namespace: string): Promise<void> {
    const { kind } = this.#namespaces;
    const self: ObjectName = { kind, namespace: '', name: namespace };
    if (this.#deps.writer.find(self)?.metadata.deletionTimestamp === undefined) return;
    const contents = this.#contents(namespace);
    await Promise.all(contents.map((object) => this.#delete(object)));
    // Creations that were on their way when the mark was made are in the store before this write is.
    const marked = await this.#deps.writer.rewrite(self, (o) => withCondition(o, this.#contents(namespace)));
    if (marked === undefined || this.#contents(namespace).length > 0) return;
    await this.#deps.writer.rewrite(self, (o) => withSpecFinalizers(o, []));
  }

  async #delete(object: ObjectName): Promise<void> {
    if (this.#deps.writer.find(object)?.metadata.deletionTimestamp !== undefined) return;
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

const describe = (contents: readonly ObjectName[]): string => {
  const counts = Map.groupBy(contents, ({ kind }: { readonly kind: Kind }) => resourceKey(kind));
  return [...counts].map(([resource, objects]) => `${resource} has ${objects.length}`).join(', ');
};

/** Says in status what the namespace still waits for. */
const withCondition = (object: KubeObject, contents: readonly ObjectName[]): KubeObject | undefined => {
  const status = isPlainObject(object['status']) ? object['status'] : {};
  const condition = {
    type: 'NamespaceContentRemaining',
    status: contents.length > 0 ? 'True' : 'False',
    reason: contents.length > 0 ? 'SomeResourcesRemain' : 'ContentRemoved',
    message:
      contents.length > 0 ? `waiting for finalizers: ${describe(contents)}` : 'all content has been removed',
  };
  const known = Array.isArray(status['conditions']) ? status['conditions'] : [];
  if (JSON.stringify(known) === JSON.stringify([condition])) return undefined;
  return { ...object, status: { ...status, conditions: [condition] } };
};
