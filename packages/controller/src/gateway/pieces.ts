// Owns making few large pieces of many small ones: a disk write and a hash step per TLS record are slow.
// I1: one buffer per stream, used again for every piece: new ones for each keep the collector and the kernel busy.
import type { Readable } from 'node:stream';

/**
 * The same bytes in pieces of `sizeBytes`, the last one shorter. A piece is good until the next is asked for. What has
 * arrived when the source fails is still given, before the error: an upload then goes on from there.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const piece = Buffer.allocUnsafeSlow(sizeBytes);
  let bytes = 0;
  try {
    for await (const chunk of source) {
      for (let from = 0; from < chunk.length; ) {
        const part = chunk.subarray(from, from + sizeBytes - bytes);
        piece.set(part, bytes);
        bytes += part.length;
        from += part.length;
        if (bytes < sizeBytes) continue;
        bytes = 0; // before the yield: it has been given, also if the source fails next
        yield piece;
      }
    }
  } catch (error) {
    if (bytes > 0) yield piece.subarray(0, bytes);
    throw error;
  }
  if (bytes > 0) yield piece.subarray(0, bytes);
}

/**
 * The same bytes until the signal; then `why` is thrown, and what comes after it is read and dropped: a client that sends
 * on without looking would otherwise never see the answer.
 */
export async function* endingWith(
  source: Readable,
  signal: AbortSignal | undefined,
  why: () => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    yield chunk;
    if (signal?.aborted !== true) continue;
    source.resume();
    throw why();
  }
}
