// Owns the main-thread side of the object log: encodes each value once, decodes rows, tells listeners.
import type { KubeObject } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Sealer } from './sealing/keyring.ts';
import { placeOfObject, sealedResources } from './sealing/objects.ts';
import type { Tuple } from './sqlite/context.ts';
import type { EncodedWrite } from './sqlite/objects.ts';
import type { ObjectRow, ObjectStore, ObjectWrite } from './store.ts';
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

const decode = (tuple: Tuple, sealer: Sealer | undefined): ObjectRow => {
  const [revision, resource, namespace, name, uid, type, value] = tuple;
  const key = {
    resource: String(resource),
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
  };
  const json = sealer === undefined ? String(value) : sealer.open(String(value), placeOfObject(key));
  return {
    revision: Number(revision),
    ...key,
    type: type === 'created' || type === 'deleted' ? type : 'updated',
    // Written by `encode` from a KubeObject.
    value: withRevision(JSON.parse(json) as KubeObject, Number(revision)),
  };
};

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
  const decodeAll = (rows: readonly Tuple[]): readonly ObjectRow[] => rows.map((row) => decode(row, sealer));
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
        const rows: ObjectRow[] = [];
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
