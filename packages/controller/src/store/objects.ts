// Owns the main-thread side of the object log: encodes each value once, decodes rows, tells listeners.
// I1: a value becomes JSON once: the text that is stored is also that of the answer, and what the cache may keep.
import type { KubeObject } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import { sealAgain } from './sealing/again.ts';
import type { Sealer } from './sealing/keyring.ts';
import { placeOfObject, sealedResources } from './sealing/objects.ts';
import type { Tuple } from './sql/database.ts';
import type { EncodedWrite } from './sql/objects.ts';
import type { CommittedRow, ObjectStore, ObjectWrite, SnapshotRow, StoredValue } from './store.ts';
import type { Threads } from './threads.ts';

/** See sqlite/objects.ts: how far one step of compaction came. */
interface CompactStep {
  readonly removed: number;
  readonly last: number | undefined;
}

/** JSON of a value without its version. */
const toText = (value: KubeObject): string => {
  if (value.metadata.resourceVersion === undefined) return JSON.stringify(value);
  const { resourceVersion: _, ...metadata } = value.metadata;
  return JSON.stringify({ ...value, metadata });
};

const encode = (write: ObjectWrite, json: string): EncodedWrite => {
  const { resource, namespace, name, type, expect } = write;
  return {
    resource,
    namespace,
    name,
    type,
    uid: write.value.metadata.uid ?? '',
    json,
    expect,
    provided: write.provided,
    dataKey: null,
  };
};

const sealed = (write: EncodedWrite, sealer: Sealer | undefined): EncodedWrite => {
  if (sealer === undefined || !sealedResources.includes(write.resource)) return write;
  return { ...write, json: sealer.seal(write.json, placeOfObject(write)), dataKey: sealer.current };
};

const withRevision = (value: KubeObject, revision: number): KubeObject => ({
  ...value,
  metadata: { ...value.metadata, resourceVersion: String(revision) },
});

/** A value as it was stored; it is parsed when it is asked for, and its text forgotten then. */
class StoredText implements StoredValue {
  readonly revision: number;
  #text: string | undefined;
  #value: KubeObject | undefined;

  constructor(revision: number, text: string) {
    this.revision = revision;
    this.#text = text;
  }

  get value(): KubeObject {
    if (this.#value === undefined) {
      // Written by `toText` from a KubeObject.
      this.#value = withRevision(JSON.parse(this.#text ?? '') as KubeObject, this.revision);
      this.#text = undefined;
    }
    return this.#value;
  }

  mayHave(field: string): boolean {
    return this.#text?.includes(`"${field}":`) ?? true;
  }
}

/** JSON of a value with its version, from the text without it. */
const withVersion = (text: string, value: KubeObject): string => {
  const { apiVersion, kind, metadata } = value;
  const head = `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":{`;
  // Where writers put it (resources/prepare.ts); in another order it takes longer.
  if (!text.startsWith(head) || text[head.length] === '}') return JSON.stringify(value);
  return `${head}"resourceVersion":"${metadata.resourceVersion}",${text.slice(head.length)}`;
};

const toRow = (write: ObjectWrite, text: string, revision: number): CommittedRow => {
  const { resource, namespace, name, type } = write;
  const value = withRevision(write.value, revision);
  return {
    ...{ revision, resource, namespace, name, type, value },
    uid: value.metadata.uid ?? '',
    stored: new StoredText(revision, text),
    get json() {
      return withVersion(text, value);
    },
  };
};

const decode = (tuple: Tuple, sealer: Sealer | undefined): SnapshotRow => {
  const [revision, resource, namespace, name, uid, type, value] = tuple;
  const place = {
    resource: String(resource),
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
  };
  const isOpen = sealer === undefined || !sealedResources.includes(place.resource);
  const text = isOpen ? String(value) : sealer.open(String(value), placeOfObject(place));
  const stored = new StoredText(Number(revision), text);
  return {
    ...place,
    revision: stored.revision,
    type: type === 'created' || type === 'deleted' ? type : 'updated',
    stored,
    get value() {
      return stored.value;
    },
  };
};

/** A row that another controller has written: of a kind that is not known here, what it says may not be readable. */
const toCommitted = (row: SnapshotRow): CommittedRow => {
  const { revision, resource, namespace, name, uid, type, stored } = row;
  return {
    ...{ revision, resource, namespace, name, uid, type, stored },
    get value() {
      return stored.value;
    },
    get json() {
      return JSON.stringify(stored.value);
    },
  };
};

export interface ObjectFace {
  readonly store: ObjectStore;
  /** Tells what the batch that was just committed wrote. */
  flush(): void;
  /** Tells what other controllers have committed. */
  tellOthers(rows: readonly Tuple[]): void;
}

export const createObjects = (deps: {
  readonly threads: () => Threads;
  readonly log: Log;
  /** Without one nothing is sealed. */
  readonly sealer?: Sealer | undefined;
  readonly isShared: boolean;
}): ObjectFace => {
  const { sealer } = deps;
  const decodeAll = (rows: readonly Tuple[]): readonly SnapshotRow[] =>
    rows.map((row) => decode(row, sealer));
  const learnAndDecode = async (rows: readonly Tuple[]): Promise<readonly SnapshotRow[]> => {
    const others = rows.filter((row) => sealedResources.includes(String(row[1])));
    if (others.length > 0) await sealer?.learn(others.map((row) => String(row[6])));
    return decodeAll(rows);
  };
  const listeners = createListeners<readonly CommittedRow[]>(deps.log);
  let committed: CommittedRow[] = [];

  const write = async (writes: readonly ObjectWrite[]): Promise<readonly CommittedRow[]> => {
    if (writes.length === 0) return [];
    let rows: readonly CommittedRow[] = [];
    const texts = writes.map((one) => toText(one.value));
    const onCommitted = (first: number): void => {
      rows = writes.map((one, index) => toRow(one, texts[index] ?? '', first + index));
      committed.push(...rows);
    };
    await sealAgain(() => {
      const encoded = writes.map((one, index) => sealed(encode(one, texts[index] ?? ''), sealer));
      return deps.threads().write('objects.write', encoded, { onCommitted });
    });
    return rows;
  };

  const compact = async (revision: number): Promise<number> => {
    let removed = 0;
    let from: number | undefined = 0;
    while (from !== undefined) {
      const step: CompactStep = await deps.threads().write('objects.compact', { from, to: revision });
      removed += step.removed;
      from = step.last;
    }
    return removed;
  };

  return {
    store: {
      isShared: deps.isShared,
      catchUp: async () => {
        if (deps.isShared) await deps.threads().write('objects.write', []);
        return deps.isShared;
      },
      write,
      compact,
      snapshot: async () => {
        const rows: SnapshotRow[] = [];
        let page = await deps.threads().read('objects.snapshot', undefined);
        const { revision } = page;
        for (;;) {
          // Read by the thread while this page is decoded.
          const following = page.next && deps.threads().read('objects.snapshot', page.next);
          rows.push(...(await learnAndDecode(page.rows)).filter(({ type }) => type !== 'deleted'));
          if (following === undefined) return { revision, rows };
          page = await following;
        }
      },
      since: async (revision, limit) =>
        learnAndDecode(await deps.threads().read('objects.since', { revision, limit })),
      onCommit: (listener) => listeners.add(listener),
    },
    flush: () => {
      const rows = committed;
      committed = [];
      // Calls that were asked for together may have got their revisions in another order than that of the calls.
      rows.sort((a, b) => a.revision - b.revision);
      if (rows.length > 0) listeners.tell(rows);
    },
    tellOthers: (tuples) => {
      if (tuples.length > 0) listeners.tell(decodeAll(tuples).map(toCommitted));
    },
  };
};
