// Owns the removal of enrolment tokens that have long expired.
import { ApiError, type EnrollmentToken, enrollmentTokenKind } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

/** Deletes those that expired before; returns how many. */
export const removeExpiredTokens = async (
  resources: Pick<Resources, 'list' | 'delete'>,
  beforeMs: number,
): Promise<number> => {
  const old = resources.list(enrollmentTokenKind).items.filter((object) => {
    // Stored objects have been validated by the schema of their kind.
    const { spec, metadata } = object as unknown as EnrollmentToken;
    return Date.parse(spec.expiresAt ?? '') < beforeMs && metadata.deletionTimestamp === undefined;
  });
  for (const { metadata } of old) {
    const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await resources
      .delete(enrollmentTokenKind, '', metadata.name ?? '', { preconditions })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      });
  }
  return old.length;
};
