// Owns the main-thread side of the object log: encodes each value once, decodes rows, tells listeners.
import type { KubeObject } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Sealer } from './sealing/keyring.ts';
import { placeOfObject, sealedResources } from './sealing/objects.ts';
import type { Tuple } from './sqlite/context.ts';
import type { EncodedWrite } from './sqlite/objects.ts';
import type { ObjectRow, ObjectStore, ObjectWrite, SnapshotRow } from './store.ts';
import type { Threads } from './threads.ts';

/** See sqlite/objects.ts: how far one step of compaction came. */
interface CompactStep {
  readonly removed: number;
  readonly last: number | undefined;
}

const encode = (write: ObjectWrite, sealer: Sealer | undefined): EncodedWrite => {
  const { resourceVersion: _, ...metadata } = write.value.metadata;
  const { resource, namespace, name, type, expect } = write;
  const uid = metadata.uid ?? '';
  const json = JSON.stringify({ ...write.value, metadata });
  const plain = { resource, namespace, name, type, uid, json, expect, dataKey: null };
  if (sealer === undefined || !sealedResources.includes(resource)) return plain;
  return { ...plain, json: sealer.seal(json, placeOfObject(plain)), dataKey: sealer.current };
};

const withRevision = (value: KubeObject, revision: number): KubeObject => ({
  ...value,
  metadata: { ...value.metadata, resourceVersion: String(revision) },
});

const toRow = (write: ObjectWrite, revision: number): ObjectRow => ({
  revision,
  resource: write.resource,
  namespace: write.namespace,
  name: write.name,
  uid: write.value.metadata.uid ?? '',
  type: write.type,
  value: withRevision(write.value, revision),
});

/** A row as it was stored; its value is parsed when it is asked for, and its text forgotten then. */
class StoredRow implements SnapshotRow {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly type: ObjectRow['type'];
  #text: string | undefined;
  #value: KubeObject | undefined;

  constructor(tuple: Tuple, sealer: Sealer | undefined) {
    const [revision, resource, namespace, name, uid, type, value] = tuple;
    this.revision = Number(revision);
    this.resource = String(resource);
    this.namespace = String(namespace);
    this.name = String(name);
    this.uid = String(uid);
    this.type = type === 'created' || type === 'deleted' ? type : 'updated';
    this.#text = sealer === undefined ? String(value) : sealer.open(String(value), placeOfObject(this));
  }

  get value(): KubeObject {
    if (this.#value === undefined) {
      // Written by `encode` from a KubeObject.
      this.#value = withRevision(JSON.parse(this.#text ?? '') as KubeObject, this.revision);
      this.#text = undefined;
    }
    return this.#value;
  }

  mayHave(field: string): boolean {
    return this.#text?.includes(`"${field}":`) ?? true;
  }
}

export interface ObjectFace {
  readonly store: ObjectStore;
  /** Tells what the batch that was just committed wrote. */
  flush(): void;
}

export const createObjects = (deps: {
  readonly threads: () => Threads;
  readonly log: Log;
  /** Without one nothing is sealed. */
  readonly sealer?: Sealer | undefined;
}): ObjectFace => {
  const { sealer } = deps;
  const decodeAll = (rows: readonly Tuple[]): readonly SnapshotRow[] =>
    rows.map((row) => new StoredRow(row, sealer));
  const listeners = createListeners<readonly ObjectRow[]>(deps.log);
  let committed: ObjectRow[] = [];

  const write = async (writes: readonly ObjectWrite[]): Promise<readonly ObjectRow[]> => {
    if (writes.length === 0) return [];
    let rows: readonly ObjectRow[] = [];
    const onCommitted = (first: number): void => {
      rows = writes.map((one, index) => toRow(one, first + index));
      committed.push(...rows);
    };
    const encoded = writes.map((one) => encode(one, sealer));
    await deps.threads().write('objects.write', encoded, { onCommitted });
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
      write,
      compact,
      snapshot: async () => {
        const rows: SnapshotRow[] = [];
        let page = await deps.threads().read('objects.snapshot', undefined);
        const { revision } = page;
        for (;;) {
          // Read by the thread while this page is decoded.
          const following = page.next && deps.threads().read('objects.snapshot', page.next);
          rows.push(...decodeAll(page.rows).filter(({ type }) => type !== 'deleted'));
          if (following === undefined) return { revision, rows };
          page = await following;
        }
      },
      since: async (revision, limit) =>
        decodeAll(await deps.threads().read('objects.since', { revision, limit })),
      onCommit: (listener) => listeners.add(listener),
    },
    flush: () => {
      const rows = committed;
      committed = [];
      if (rows.length > 0) listeners.tell(rows);
    },
  };
};
