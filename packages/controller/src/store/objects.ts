// Owns the main-thread side of the object log: encodes each value once, decodes rows, tells listeners.
import type { KubeObject } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { createListeners } from './listeners.ts';
import type { Tuple } from './sqlite/context.ts';
import type { EncodedWrite } from './sqlite/objects.ts';
import type { ObjectRow, ObjectStore, ObjectWrite } from './store.ts';
import type { Threads } from './threads.ts';

/** See sqlite/objects.ts: how far one step of compaction came. */
interface CompactStep {
  readonly removed: number;
  readonly last: number | undefined;
}

const encode = (write: ObjectWrite): EncodedWrite => {
  const { resourceVersion: _, ...metadata } = write.value.metadata;
  return {
    resource: write.resource,
    namespace: write.namespace,
    name: write.name,
    type: write.type,
    uid: metadata.uid ?? '',
    json: JSON.stringify({ ...write.value, metadata }),
    expect: write.expect,
  };
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

const decode = (tuple: Tuple): ObjectRow => {
  const [revision, resource, namespace, name, uid, type, json] = tuple;
  return {
    revision: Number(revision),
    resource: String(resource),
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
    type: type === 'created' || type === 'deleted' ? type : 'updated',
    // Written by `encode` from a KubeObject.
    value: withRevision(JSON.parse(String(json)) as KubeObject, Number(revision)),
  };
};

export interface ObjectFace {
  readonly store: ObjectStore;
  /** Tells what the batch that was just committed wrote. */
  flush(): void;
}

export const createObjects = (deps: { readonly threads: () => Threads; readonly log: Log }): ObjectFace => {
  const listeners = createListeners<readonly ObjectRow[]>(deps.log);
  let committed: ObjectRow[] = [];

  const write = async (writes: readonly ObjectWrite[]): Promise<readonly ObjectRow[]> => {
    if (writes.length === 0) return [];
    let rows: readonly ObjectRow[] = [];
    const onCommitted = (first: number): void => {
      rows = writes.map((one, index) => toRow(one, first + index));
      committed.push(...rows);
    };
    await deps.threads().write('objects.write', writes.map(encode), { onCommitted });
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
        const found = await deps.threads().read('objects.snapshot', undefined);
        return { revision: found.revision, rows: found.rows.map(decode) };
      },
      since: async (revision, limit) =>
        (await deps.threads().read('objects.since', { revision, limit })).map(decode),
      onCommit: (listener) => listeners.add(listener),
    },
    flush: () => {
      const rows = committed;
      committed = [];
      if (rows.length > 0) listeners.tell(rows);
    },
  };
};
