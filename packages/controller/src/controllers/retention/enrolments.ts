// Owns the removal of what servers joined by and is over: tokens that have long expired, enrolments over SSH that have
// long ended.
import {
  ApiError,
  type EnrollmentToken,
  enrollmentTokenKind,
  type Kind,
  type KubeObject,
  type SSHEnrollment,
  sshEnrollmentKind,
} from '@drover/api';
import type { Resources } from '../../resources/resources.ts';

type Room = Pick<Resources, 'list' | 'delete'>;

/** `endOf`: when it was over (RFC 3339); undefined: it is not. Returns how many. */
const removeOver = async (
  resources: Room,
  kind: Kind,
  endOf: (object: KubeObject) => string | undefined,
  beforeMs: number,
): Promise<number> => {
  const old = resources
    .list(kind)
    .items.filter(
      (object) =>
        Date.parse(endOf(object) ?? '') < beforeMs && object.metadata.deletionTimestamp === undefined,
    );
  for (const { metadata } of old) {
    const preconditions = metadata.uid === undefined ? {} : { uid: metadata.uid };
    await resources
      .delete(kind, metadata.namespace ?? '', metadata.name ?? '', { preconditions })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      });
  }
  return old.length;
};

// Stored objects have been validated by the schema of their kind.
const expiryOf = (object: KubeObject) => (object as unknown as EnrollmentToken).spec.expiresAt;
const completionOf = (object: KubeObject) => (object as unknown as SSHEnrollment).status?.completionTime;

/** Deletes those that expired before; returns how many. */
export const removeExpiredTokens = (resources: Room, beforeMs: number): Promise<number> =>
  removeOver(resources, enrollmentTokenKind, expiryOf, beforeMs);

/** Deletes those of which every server had joined or failed before; returns how many. */
export const removeEndedSshEnrolments = (resources: Room, beforeMs: number): Promise<number> =>
  removeOver(resources, sshEnrollmentKind, completionOf, beforeMs);
