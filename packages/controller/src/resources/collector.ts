// Owns the garbage collector: what belongs to an owner goes with it.
// I1: an object goes when none of its owners exists any more; an owner that exists keeps it. Owners that are gone
//     are taken off the list of the one that stays.
// I2: an owner deleted in foreground goes after its dependents that block it; one deleted as orphan lets go of them.
// I3: at start everything is looked at once, so owners deleted while the controller was down count too.
import { isEqualJson, type Kind, type KubeObject, resourceKey } from '@drover/api';
import { createKeyedQueue, type KeyedQueue } from '../platform/keyed-queue.ts';
import type { Log } from '../platform/log.ts';
import { type Cache, type Change, toKey } from './cache.ts';
import { foregroundFinalizer, orphanFinalizer } from './deletion.ts';
import { isReason, type ObjectName } from './errors.ts';
import type { Writer } from './writer.ts';

type OwnerReference = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

interface Deps {
  readonly cache: Cache;
  readonly writer: Writer;
  readonly log: Log;
}

const nameOf = (kind: Kind, object: KubeObject): ObjectName => ({
  kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
});

const idOf = ({ kind, namespace, name }: ObjectName): string =>
  `${resourceKey(kind)}\0${toKey(namespace, name)}`;

const ownersOf = (object: KubeObject | undefined): readonly OwnerReference[] =>
  object?.metadata.ownerReferences ?? [];

const hasFinalizer = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(finalizer);

const withoutOwners = (object: KubeObject, uids: ReadonlySet<string>): KubeObject | undefined => {
  const kept = ownersOf(object).filter((owner) => !uids.has(owner.uid));
  if (kept.length === ownersOf(object).length) return undefined;
  const { ownerReferences: _, ...metadata } = object.metadata;
  return { ...object, metadata: kept.length > 0 ? { ...metadata, ownerReferences: kept } : metadata };
};

const withoutFinalizer = (object: KubeObject, finalizer: string): KubeObject | undefined => {
  const { finalizers = [], ...metadata } = object.metadata;
  const kept = finalizers.filter((name) => name !== finalizer);
  if (kept.length === finalizers.length) return undefined;
  return { ...object, metadata: kept.length > 0 ? { ...metadata, finalizers: kept } : metadata };
};

export class Collector {
  readonly #deps: Deps;
  readonly #queue: KeyedQueue;
  /** Owner uid → its dependents by id. */
  readonly #dependents = new Map<string, Map<string, ObjectName>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#queue = createKeyedQueue({
      step: (id) => this.#collect(id),
      width: 64,
      log: deps.log,
      onError: 'cannot collect an object: trying again',
    });
    for (const cache of deps.cache.all()) {
      for (const entry of cache.entries(undefined))
        if (entry.mayHave('ownerReferences') || entry.mayHave('deletionTimestamp'))
          this.#note(cache.kind, undefined, entry.object);
    }
  }

  /** To be called with every change, in order. */
  see({ cache, record }: Change): void {
    const gone = record.type === 'DELETED';
    this.#note(cache.kind, record.before, gone ? undefined : record.object);
    if (!gone) return;
    const uid = record.object.metadata.uid ?? '';
    for (const id of this.#dependents.get(uid)?.keys() ?? []) this.#queue.add(id);
  }

  /** Keeps the index of dependents and queues the object where something may have to be done. */
  #note(kind: Kind, before: KubeObject | undefined, now: KubeObject | undefined): void {
    const name = nameOf(kind, now ?? before ?? { apiVersion: '', kind: '', metadata: {} });
    const id = idOf(name);
    if (!isEqualJson(ownersOf(before), ownersOf(now))) {
      for (const { uid } of ownersOf(before)) {
        const of = this.#dependents.get(uid);
        of?.delete(id);
        if (of?.size === 0) this.#dependents.delete(uid);
      }
      if (before !== undefined) for (const owner of ownersOf(before)) this.#wakeOwner(kind, before, owner);
      for (const { uid } of ownersOf(now)) {
        const of = this.#dependents.get(uid) ?? new Map<string, ObjectName>();
        this.#dependents.set(uid, of.set(id, name));
      }
    }
    if (now === undefined) return;
    const isWaiting = hasFinalizer(now, foregroundFinalizer) || hasFinalizer(now, orphanFinalizer);
    if (ownersOf(now).length > 0 || isWaiting) this.#queue.add(id);
  }

  #wakeOwner(kind: Kind, dependent: KubeObject, owner: OwnerReference): void {
    const name = this.#ownerName(kind, dependent, owner);
    if (name !== undefined) this.#queue.add(idOf(name));
  }

  /** Name of the owner; undefined when its kind is not served, so that nothing can be said about it. */
  #ownerName(kind: Kind, dependent: KubeObject, owner: OwnerReference): ObjectName | undefined {
    const group = owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : '';
    const found = this.#deps.cache.all().find((c) => c.kind.group === group && c.kind.kind === owner.kind);
    if (found === undefined) return undefined;
    if (found.kind.scope === 'Cluster') return { kind: found.kind, namespace: '', name: owner.name };
    if (kind.scope === 'Cluster') return undefined;
    return { kind: found.kind, namespace: dependent.metadata.namespace ?? '', name: owner.name };
  }

  async #collect(id: string): Promise<void> {
    const [resource = '', namespace = '', name = ''] = id.split('\0');
    const kind = this.#deps.cache.findResource(resource)?.kind;
    // A kind that users defined may be gone by now, and all its objects with it.
    if (kind === undefined) return;
    const object = { kind, namespace, name };
    const current = this.#deps.writer.find(object);
    if (current === undefined) return;
    if (hasFinalizer(current, orphanFinalizer)) await this.#orphan(object, current);
    else if (hasFinalizer(current, foregroundFinalizer)) await this.#foreground(object, current);
    else if (ownersOf(current).length > 0) await this.#checkOwners(object, current);
  }

  #dependentsOf(owner: KubeObject): readonly ObjectName[] {
    return [...(this.#dependents.get(owner.metadata.uid ?? '')?.values() ?? [])];
  }

  async #orphan(object: ObjectName, owner: KubeObject): Promise<void> {
    const uids = new Set([owner.metadata.uid ?? '']);
    const { writer } = this.#deps;
    const letGo = (name: ObjectName) => writer.rewrite(name, (o) => withoutOwners(o, uids));
    await Promise.all(this.#dependentsOf(owner).map(letGo));
    await writer.rewrite(object, (o) => withoutFinalizer(o, orphanFinalizer));
  }

  async #foreground(object: ObjectName, owner: KubeObject): Promise<void> {
    const dependents = this.#dependentsOf(owner);
    await Promise.all(dependents.map((name) => this.#deleteDependent(name)));
    const isBlocking = (name: ObjectName): boolean =>
      ownersOf(this.#deps.writer.find(name)).some(
        (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
      );
    // A dependent that is left wakes its owner when it goes (see).
    if (dependents.some(isBlocking)) return;
    await this.#deps.writer.rewrite(object, (o) => withoutFinalizer(o, foregroundFinalizer));
  }

  /** Deletes a dependent of an owner that is going in foreground, unless another owner keeps it. */
  async #deleteDependent(name: ObjectName): Promise<void> {
    const current = this.#deps.writer.find(name);
    if (current === undefined || current.metadata.deletionTimestamp !== undefined) return;
    const { solid } = this.#sortOwners(name.kind, current);
    if (solid) return;
    const policy = this.#dependentsOf(current).length > 0 ? 'Foreground' : undefined;
    await this.#delete(name, current, policy);
  }

  /** Owners by what became of them; `solid`: one exists that is not itself going in foreground, or may exist. */
  #sortOwners(
    kind: Kind,
    object: KubeObject,
  ): { readonly solid: boolean; readonly gone: ReadonlySet<string> } {
    const gone = new Set<string>();
    let solid = false;
    for (const owner of ownersOf(object)) {
      const name = this.#ownerName(kind, object, owner);
      const found = name && this.#deps.writer.find(name);
      if (name !== undefined && found?.metadata.uid !== owner.uid) gone.add(owner.uid);
      else if (found === undefined || !hasFinalizer(found, foregroundFinalizer)) solid = true;
    }
    return { solid, gone };
  }

  async #checkOwners(object: ObjectName, current: KubeObject): Promise<void> {
    const { solid, gone } = this.#sortOwners(object.kind, current);
    if (gone.size === 0) return;
    if (solid) await this.#deps.writer.rewrite(object, (o) => withoutOwners(o, gone));
    else if (gone.size === ownersOf(current).length) await this.#delete(object, current, undefined);
  }

  async #delete(object: ObjectName, current: KubeObject, policy: 'Foreground' | undefined): Promise<void> {
    const { uid } = current.metadata;
    if (current.metadata.deletionTimestamp !== undefined) return;
    try {
      await this.#deps.writer.delete(object, {
        ...(policy ? { propagationPolicy: policy } : {}),
        ...(uid ? { preconditions: { uid } } : {}),
      });
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
