// Owns the ground of this room's tests: a real store on disk, a clock that can be moved, waits with a deadline.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allKinds, type Kind, type KubeObject } from '@drover/api';
import { afterEach } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from '../store/index.ts';
import type { Store } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';
import { createResources, type ResourcesOptions } from './index.ts';
import type { Resources, WatchEvent, WatchOptions } from './resources.ts';

export interface Room {
  readonly store: Store;
  readonly resources: Resources;
  readonly clock: { nowMs(): number; aheadMs: number };
}

type Options = Partial<Pick<ResourcesOptions, 'retention' | 'bookmarkMs'>>;

/** `fresh` opens a room on an empty store, `again` the same store after a restart; both end with the test. */
export const useRooms = () => {
  let dataDir: string | undefined;
  let room: Room | undefined;
  const clock = {
    aheadMs: 0,
    nowMs: () => systemClock.nowMs() + clock.aheadMs,
  };
  const close = async (): Promise<void> => {
    await room?.resources.close();
    await room?.store.close();
    room = undefined;
  };
  const open = async (options: Options): Promise<Room> => {
    dataDir ??= await mkdtemp(join(tmpdir(), 'drover-resources-'));
    const store = await openStore({ dataDir, clock, log: silentLog, threads: testThreads });
    const resources = await createResources({ store, kinds: allKinds, clock, log: silentLog, ...options });
    room = { store, resources, clock };
    return room;
  };
  afterEach(async () => {
    await close();
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
    dataDir = undefined;
    clock.aheadMs = 0;
  });
  return {
    fresh: (options: Options = {}) => open(options),
    again: async (options: Options = {}) => {
      await close();
      return open(options);
    },
  };
};

/** Waits until the condition holds; fails after 15 seconds. */
export const until = async (condition: () => boolean): Promise<void> => {
  const deadline = systemClock.nowMs() + 15_000;
  while (!condition()) {
    if (systemClock.nowMs() > deadline) throw new Error(`not true in time: ${condition.toString()}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
};

export const kindOf = (resources: Resources, resource: string): Kind => resources.kind(resource);

export const configMap = (name: string, extra: object = {}, data: Record<string, string> = {}) => ({
  metadata: { name, ...extra },
  data,
});

/** As `metadata.ownerReferences`. */
export const owners = (...objects: readonly KubeObject[]) => ({
  ownerReferences: objects.map(({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    blockOwnerDeletion: true,
  })),
});

/** A short word for an event: `ADDED a 5`. */
export const told = ({ type, object }: WatchEvent): string =>
  `${type} ${object.metadata.name ?? ''} ${object.metadata.resourceVersion}`;

/** The next `count` events of a watch. */
export const take = async (
  resources: Resources,
  kind: Kind,
  count: number,
  options: Omit<WatchOptions, 'signal'> = {},
): Promise<readonly WatchEvent[]> => {
  const events: WatchEvent[] = [];
  if (count === 0) return events;
  const stop = new AbortController();
  for await (const event of resources.watch(kind, { ...options, signal: stop.signal })) {
    events.push(event);
    if (events.length === count) stop.abort();
  }
  return events;
};
