// Owns what a deletion does to an object (pure functions).
// I1: an object with finalizers is only marked; it goes when the last finalizer is taken away.
// I2: a namespace goes only when it is empty: its spec.finalizers stand for that (namespaces.ts).
import { isPlainObject, type Kind, type KubeObject } from '@drover/api';
import { isNamespaceKind } from './prepare.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/** Stands in a namespace's spec.finalizers for everything that is in it. */
export const namespaceFinalizer = 'kubernetes';

/** Namespaces that are there from the start and cannot be deleted. */
export const permanentNamespaces: readonly string[] = ['default', 'kube-system'];

export const specFinalizers = (kind: Kind, object: KubeObject): readonly unknown[] => {
  const spec = object['spec'];
  const list = isNamespaceKind(kind) && isPlainObject(spec) ? spec['finalizers'] : undefined;
  return Array.isArray(list) ? list : [];
};

/** Whether nothing holds an object that is being deleted. */
export const isReleased = (kind: Kind, object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  specFinalizers(kind, object).length === 0;

const finalizersFor = (
  current: readonly string[],
  propagation: Propagation | undefined,
): readonly string[] => {
  const rest = current.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  switch (propagation) {
    case 'Orphan':
      return [...rest, orphanFinalizer];
    case 'Foreground':
      return [...rest, foregroundFinalizer];
    case 'Background':
      return rest;
    case undefined:
      return current;
  }
};

/** The object marked for deletion: the same object when it is marked already and nothing changes. */
export const toMarked = (
  kind: Kind,
  object: KubeObject,
  propagation: Propagation | undefined,
  timestamp: string,
): KubeObject => {
  const had = object.metadata.finalizers ?? [];
  const finalizers = finalizersFor(had, propagation);
  const isMarked = object.metadata.deletionTimestamp !== undefined;
  if (isMarked && finalizers.join() === had.join()) return object;
  const { finalizers: _, ...metadata } = object.metadata;
  const status = isNamespaceKind(kind)
    ? { status: { ...(isPlainObject(object['status']) ? object['status'] : {}), phase: 'Terminating' } }
    : {};
  return {
    ...object,
    ...status,
    metadata: {
      ...metadata,
      ...(finalizers.length > 0 ? { finalizers: [...finalizers] } : {}),
      deletionTimestamp: object.metadata.deletionTimestamp ?? timestamp,
      deletionGracePeriodSeconds: 0,
    },
  };
};
