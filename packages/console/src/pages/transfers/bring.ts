// Owns bringing what was chosen to the controller: read and hashed here, sent once, gone on with after a cut.
import { client } from '../../api/client.ts';
import { nowMs } from '../../ui/clock.ts';
import { createSpeed } from '../work/speed.ts';
import type { Item } from './choose.ts';
import { buildContent } from './content.ts';

export interface Progress {
  readonly stage: 'reading' | 'sending';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
}

/** What is told of the progress at most each so many milliseconds. */
const tellMs = 100;

/** Tells of one stage, not more often than people can read. */
const teller = (stage: Progress['stage'], totalBytes: number, tell: (progress: Progress) => void) => {
  const speed = createSpeed();
  let toldMs = 0;
  return (doneBytes: number): void => {
    const now = nowMs();
    if (now - toldMs < tellMs && doneBytes < totalBytes) return;
    toldMs = now;
    tell({ stage, doneBytes, totalBytes, bytesPerSecond: speed(doneBytes, now) });
  };
};

/** Resolves to the sha256 of the manifest, once all of it is there. */
export const bring = async (
  item: Item,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> => {
  const { files, isFolder, sizeBytes } = item;
  const reading = teller('reading', sizeBytes, onProgress);
  reading(0);
  const built = await buildContent(files, { isFolder, nowMs: nowMs(), onProgress: reading, signal });
  const sending = teller('sending', built.sizeBytes, onProgress);
  if (built.content !== undefined) {
    sending(0);
    const { content: blob, contentSha256: sha256 } = built;
    await client.blobs.upload({ blob, sha256, onProgress: sending, signal });
  }
  await client.blobs.upload({ blob: built.manifest, sha256: built.manifestSha256, signal });
  return built.manifestSha256;
};
