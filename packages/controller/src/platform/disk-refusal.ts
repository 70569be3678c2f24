// Owns how a refusal is known that is the fault of the controller's own disk: who sees one waits, and does not log it, since
// the state of the disk is logged once (store/disk/watch.ts).
import { ApiError } from '@drover/api/errors';

export type DiskFault = 'full' | 'read-only' | 'failing';

/** Cause of a ServiceUnavailable: told from others by it. */
export const notWritableReason = 'StorageNotWritable';

export const toDiskRefusal = (fault: DiskFault, message: string, cause?: unknown): ApiError =>
  fault === 'full'
    ? new ApiError('InsufficientStorage', message, undefined, cause)
    : new ApiError(
        'ServiceUnavailable',
        message,
        { causes: [{ reason: notWritableReason, message }] },
        cause,
      );

export const isDiskRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  (error.reason === 'InsufficientStorage' ||
    error.details?.causes?.some(({ reason }) => reason === notWritableReason) === true);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const faults: Readonly<Record<string, DiskFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EIO: 'failing',
};

/** What a system's error says of the disk; undefined: nothing. */
export const faultOf = (error: unknown): DiskFault | undefined => faults[codeOf(error)];
