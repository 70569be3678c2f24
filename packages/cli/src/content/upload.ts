// Owns bringing a manifest or content to the controller, unless it is there already.
import { ApiError } from '@drover/api/errors';
import type { Client } from '@drover/client';
import { Failure } from '../failure.ts';

export interface Upload {
  readonly client: Client;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly read: (fromOffset: number) => Iterable<Uint8Array>;
  /** Bytes that have been handed over so far. */
  readonly onProgress: (doneBytes: number) => void;
}

async function* toAsync(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Resolves to whether bytes had to be sent. */
export const uploadContent = async (upload: Upload): Promise<boolean> => {
  const { client, sha256, sizeBytes, onProgress } = upload;
  if (await client.content.has(sha256)) return false;
  try {
    await client.content.upload({
      sha256,
      sizeBytes,
      onProgress,
      read: (offset) => toAsync(upload.read(offset)),
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Invalid') throw error;
    throw new Failure('cannot send the content: it changed while it was sent', {
      remedy: 'try again once nobody writes to it',
      cause: error,
    });
  }
  return true;
};
