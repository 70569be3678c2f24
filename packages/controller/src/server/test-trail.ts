// What requests leave in the audit trail, for the tests of this room.
import { ApiError, type AuditRecord } from '@drover/api';
import type { Ground } from './test-ground.ts';

/** Rows behind `after`, oldest first. */
export const rowsOf = async ({ store }: Ground, after = 0): Promise<readonly AuditRecord[]> =>
  (await store.audit.list({ filter: {}, from: { after }, limit: 1_000 })).records;

/** The rows that `work` leaves, whether it is refused or not. */
export const leftBy = async (
  ground: Ground,
  work: () => Promise<unknown>,
): Promise<readonly AuditRecord[]> => {
  const { seq } = ground.store.audit.head();
  await work().catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
  return rowsOf(ground, seq);
};
