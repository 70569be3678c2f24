// Owns the current objects of every kind.
// I1: it is exactly the newest row of each key at `revision`; rows are applied in commit order.
// I2: objects in it are deep-frozen and keep their identity until the next revision of them.
// I3: what was there at the start, or was created since while nobody watched, is kept as the text that was stored until
//     somebody asks for it: a hundred thousand objects are ready in the time that it takes to read them from the disk.
// I4: objects of kinds that are not served are kept as text: of a kind of a newer version, or one whose definition is heard of
//     in a moment. So a namespace is not taken for empty, and nothing is missing when the kind is served.
import { ApiError, type Kind, type KubeObject, resourceKey } from '@drover/api';
import type { CommittedRow, SnapshotRow, StoredValue } from '../store/store.ts';
import { deepFreeze } from './freeze.ts';
import { withSharedSets } from './managed.ts';
import { ChangeRecord, ChangeWindow } from './window.ts';

/** Sorts by namespace, then name. */
export const toKey = (namespace: string, name: string): string => `${namespace}\0${name}`;

/** An object under its key: the object, the text that it is read from when it is asked for (I3), or for a moment both. */
export class Entry {
  readonly key: string;
  #stored: StoredValue | undefined;
  #object: KubeObject | undefined;

  constructor(
    key: string,
    { stored, object }: { readonly stored?: StoredValue | undefined; readonly object?: KubeObject },
  ) {
    this.key = key;
    this.#stored = stored;
    this.#object = object;
  }

  /** Whether the object may have a field of this name, without reading it; false is certain. */
  mayHave(field: string): boolean {
    return this.#stored?.mayHave(field) ?? true;
  }

  /** Keeps one of both. */
  settle(keep: 'object' | 'text'): void {
    if (this.#stored === undefined) return;
    if (keep === 'text') this.#object = undefined;
    else if (this.#object !== undefined) this.#stored = undefined;
  }

  get object(): KubeObject {
    if (this.#object === undefined) {
      // One of both is there.
      this.#object = deepFreeze(withSharedSets((this.#stored as StoredValue).value));
      this.#stored = undefined;
    }
    return this.#object;
  }
}

const windowRecords = 8192;

/** Position of the first entry whose key is not below `key`. */
const lowerBound = (entries: readonly Entry[], key: string): number => {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

const byKey = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : 1);

/** So many are inserted one by one: cheaper than sorting all again. */
const fewAdded = 32;

const changeTypes = { created: 'ADDED', updated: 'MODIFIED', deleted: 'DELETED' } as const;

export class KindCache {
  /** Of a kind that users defined: the version that is stored, as it is defined now. */
  kind: Kind;
  /** The kind is being taken away: nothing new can be made. */
  isClosing = false;
  readonly window: ChangeWindow;
  /** Revision of the newest change of this kind; that of the start when there was none since. */
  changedAt: number;
  readonly #byKey = new Map<string, Entry>();
  /** Sorted by key. Read through #sorted(). */
  #entries: Entry[] = [];
  /** New since the entries were sorted: many creations are sorted in at once, by the first who reads. */
  #added: Entry[] = [];

  constructor(kind: Kind, rows: readonly SnapshotRow[], revision: number) {
    this.kind = kind;
    this.window = new ChangeWindow(revision, windowRecords);
    this.changedAt = revision;
    for (const row of rows) {
      const key = toKey(row.namespace, row.name);
      const entry = new Entry(key, { stored: row.stored });
      this.#byKey.set(key, entry);
      this.#entries.push(entry);
    }
    this.#entries.sort(byKey);
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#byKey.get(key)?.object;
  }

  apply(row: CommittedRow): Change {
    const key = toKey(row.namespace, row.name);
    const object = deepFreeze(row.value);
    const before = this.get(key);
    // Of an update the watchers keep what it was, and both share what did not change: text would be more.
    const entry = new Entry(key, { object, stored: row.type === 'created' ? row.stored : undefined });
    if (row.type === 'deleted') {
      this.#byKey.delete(key);
      const entries = this.#sorted();
      if (before !== undefined) entries.splice(lowerBound(entries, key), 1);
    } else {
      this.#byKey.set(key, entry);
      if (before === undefined) this.#added.push(entry);
      else this.#replace(entry);
    }
    const { revision } = row;
    const record = new ChangeRecord({ revision, type: changeTypes[row.type], of: entry, before });
    this.window.append(record);
    this.changedAt = revision;
    return { cache: this, record, entry };
  }

  #replace(entry: Entry): void {
    const entries = this.#sorted();
    entries[lowerBound(entries, entry.key)] = entry;
  }

  #sorted(): Entry[] {
    const [entries, added] = [this.#entries, this.#added];
    if (added.length === 0) return entries;
    this.#added = [];
    if (added.length > fewAdded) this.#entries = entries.concat(added).sort(byKey);
    else for (const entry of added) entries.splice(lowerBound(entries, entry.key), 0, entry);
    return this.#entries;
  }

  /** Entries of a namespace ('' is cluster scope, undefined is all), sorted; a copy. */
  entries(namespace: string | undefined): readonly Entry[] {
    return this.#range(this.#sorted(), namespace);
  }

  /** How many are in a namespace. */
  count(namespace: string): number {
    const entries = this.#sorted();
    const from = lowerBound(entries, toKey(namespace, ''));
    return lowerBound(entries, `${namespace}\u0001`) - from;
  }

  #range(entries: readonly Entry[], namespace: string | undefined): readonly Entry[] {
    if (namespace === undefined) return entries.slice();
    const from = lowerBound(entries, toKey(namespace, ''));
    return entries.slice(from, lowerBound(entries, `${namespace}\u0001`));
  }

  /** Entries as they were at a recent revision. Throws ApiError Expired when that is too long ago. */
  entriesAt(namespace: string | undefined, revision: number): readonly Entry[] {
    const undo = this.window.undo(revision);
    if (undo === 'lost') {
      const why = 'the continue token is too old: start the list again without it';
      throw new ApiError('Expired', `cannot list ${resourceKey(this.kind)}: ${why}`);
    }
    if (undo.size === 0) return this.entries(namespace);
    const kept = this.#sorted().filter((entry) => !undo.has(entry.key));
    for (const [key, object] of undo) if (object !== undefined) kept.push(new Entry(key, { object }));
    return this.#range(kept.sort(byKey), namespace);
  }
}

const keyOfRow = ({ namespace, name }: SnapshotRow): string => toKey(namespace, name);

const byRowKey = (rows: readonly SnapshotRow[]): Map<string, SnapshotRow> =>
  new Map(rows.map((row) => [keyOfRow(row), row]));

export interface Change {
  readonly cache: KindCache;
  readonly record: ChangeRecord;
  /** To be settled when everybody has been told. */
  readonly entry: Entry;
}

export class Cache {
  readonly #kinds: Map<string, KindCache>;
  /** The same by kind, those that were asked for: each request asks ten times, and a key has to be put together. */
  readonly #ofKind = new Map<Kind, KindCache>();
  /** resource → key → row (I4). */
  readonly #unserved: Map<string, Map<string, SnapshotRow>>;
  #revision: number;

  constructor(
    kinds: readonly Kind[],
    snapshot: { readonly revision: number; readonly rows: readonly SnapshotRow[] },
  ) {
    const rows = Map.groupBy(snapshot.rows, (row) => row.resource);
    this.#revision = snapshot.revision;
    this.#kinds = new Map(
      kinds.map((kind) => {
        const key = resourceKey(kind);
        return [key, new KindCache(kind, rows.get(key) ?? [], snapshot.revision)] as const;
      }),
    );
    const unserved = [...rows].filter(([resource]) => !this.#kinds.has(resource));
    this.#unserved = new Map(unserved.map(([resource, all]) => [resource, byRowKey(all)]));
  }

  get revision(): number {
    return this.#revision;
  }

  all(): readonly KindCache[] {
    return [...this.#kinds.values()];
  }

  of(kind: Kind): KindCache {
    const known = this.#ofKind.get(kind);
    if (known !== undefined) return known;
    const found = this.ofResource(resourceKey(kind));
    this.#ofKind.set(kind, found);
    return found;
  }

  /** Throws ApiError NotFound for a resource that is not served. */
  ofResource(resource: string): KindCache {
    const found = this.#kinds.get(resource);
    if (found !== undefined) return found;
    throw new ApiError('NotFound', `cannot find resource "${resource.slice(0, 300)}": it is not served here`);
  }

  /** Undefined when the resource is not served. */
  findResource(resource: string): KindCache | undefined {
    return this.#kinds.get(resource);
  }

  /** Takes a kind that a user defined into service, or its new form. */
  serve(kind: Kind): KindCache {
    this.#ofKind.clear();
    const resource = resourceKey(kind);
    const known = this.#kinds.get(resource);
    if (known !== undefined) {
      known.kind = kind;
      return known;
    }
    const added = new KindCache(kind, [...(this.#unserved.get(resource)?.values() ?? [])], this.#revision);
    this.#unserved.delete(resource);
    this.#kinds.set(resource, added);
    return added;
  }

  /** Takes a kind, of which no object is left, out of service. */
  withdraw(resource: string): KindCache | undefined {
    this.#ofKind.clear();
    const known = this.#kinds.get(resource);
    this.#kinds.delete(resource);
    return known;
  }

  /** Resources that are not served, of which there are objects in the namespace (I4). */
  unservedIn(namespace: string): readonly string[] {
    const inside = (rows: ReadonlyMap<string, SnapshotRow>): boolean =>
      [...rows.values()].some((row) => row.namespace === namespace);
    return [...this.#unserved].filter(([, rows]) => inside(rows)).map(([resource]) => resource);
  }

  #note(row: CommittedRow): void {
    const rows = this.#unserved.get(row.resource) ?? new Map<string, SnapshotRow>();
    if (row.type === 'deleted') rows.delete(keyOfRow(row));
    else rows.set(keyOfRow(row), row);
    if (rows.size > 0) this.#unserved.set(row.resource, rows);
    else this.#unserved.delete(row.resource);
  }

  /** What changed of kinds that are served; the rest is noted (I4). */
  apply(rows: readonly CommittedRow[]): readonly Change[] {
    const changes: Change[] = [];
    for (const row of rows) {
      this.#revision = row.revision;
      const cache = this.#kinds.get(row.resource);
      if (cache !== undefined) changes.push(cache.apply(row));
      else this.#note(row);
    }
    return changes;
  }
}
