// Owns making few large pieces of many small ones: a disk write and a hash step per TLS record are slow.

/**
 * The same bytes in pieces of about `sizeBytes`. What has arrived when the source fails is still given, before the
 * error: an upload then goes on from there.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source) {
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes < sizeBytes) continue;
      yield Buffer.concat(gathered, bytes);
      gathered = [];
      bytes = 0;
    }
  } catch (error) {
    if (bytes > 0) yield Buffer.concat(gathered, bytes);
    throw error;
  }
  if (bytes > 0) yield Buffer.concat(gathered, bytes);
}
