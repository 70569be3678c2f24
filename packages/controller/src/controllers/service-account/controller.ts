// Owns the service account `default`, which every namespace has: who a program is that names no other.
// I1: it is made again when somebody deletes it, as long as its namespace stays.
import { ApiError, type KubeObject, namespaceKind, serviceAccountKind } from '@drover/api';
import { createKeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';

const accountName = 'default';

export interface ServiceAccountController {
  close(): Promise<void>;
}

const isActive = (namespace: KubeObject | undefined): boolean =>
  namespace !== undefined && namespace.metadata.deletionTimestamp === undefined;

export const runServiceAccountController = (deps: {
  readonly resources: Resources;
  readonly log: Log;
}): ServiceAccountController => {
  const { resources, log } = deps;
  const stop = new AbortController();

  const step = async (namespace: string): Promise<void> => {
    const isWanted = (): boolean =>
      isActive(resources.find(namespaceKind, '', namespace)) &&
      resources.find(serviceAccountKind, namespace, accountName) === undefined;
    if (!isWanted()) return;
    try {
      await resources.create(serviceAccountKind, namespace, { metadata: { name: accountName } });
    } catch (error) {
      // Somebody made it meanwhile, or the namespace is going.
      if (error instanceof ApiError && !isWanted()) return;
      throw error;
    }
  };

  const queue = createKeyedQueue({
    step,
    width: 4,
    log,
    onError: 'cannot make the service account default of a namespace: trying again',
  });
  const follow = { resources, log, signal: stop.signal };
  const following = [
    followKind(follow, namespaceKind, ({ type, object }) => {
      if (type !== 'DELETED') queue.add(object.metadata.name ?? '');
    }),
    // I1.
    followKind(follow, serviceAccountKind, ({ type, object }) => {
      if (type === 'DELETED') queue.add(object.metadata.namespace ?? '');
    }),
  ];
  return {
    close: async () => {
      stop.abort();
      await Promise.all([...following, queue.close()]);
    },
  };
};
