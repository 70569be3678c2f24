// Owns the main-thread side of what waits for its one answer: sealed, bound to its place.
import type { Place } from './sealing/envelope.ts';
import type { Sealer } from './sealing/keyring.ts';
import type { PendingStore } from './store.ts';
import type { Threads } from './threads.ts';

const placeOf = (id: string): Place => ['pending', id];

/** Without a sealer values are stored as they are. */
export const createPending = ({
  threads,
  sealer,
}: {
  readonly threads: () => Threads;
  readonly sealer?: Sealer | undefined;
}): PendingStore => ({
  put: ({ value, ...row }) =>
    threads().write('pending.put', { ...row, value: sealer?.seal(value, placeOf(row.id)) ?? value }),
  find: async (id, nowMs) => {
    const found = await threads().read('pending.find', { id, nowMs });
    return found !== undefined && sealer !== undefined ? sealer.open(found, placeOf(id)) : found;
  },
  take: (id) => threads().write('pending.take', id),
});
