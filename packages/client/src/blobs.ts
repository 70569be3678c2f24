// Owns content by sha256 in a browser: what a page sends and fetches are Blobs, which the browser keeps on disk.
// I1: an upload goes in pieces, and after a cut goes on where the controller says it stands.
import { type ResumeOptions, resumed } from './resume.ts';
import type { Transport } from './transport.ts';

export interface BlobUpload extends ResumeOptions {
  readonly blob: Blob;
  readonly sha256: string;
  readonly onProgress?: (doneBytes: number) => void;
}

export interface BlobStore {
  /** Sends it unless it is there. Throws Invalid when the hash differs, InsufficientStorage when the disk would fill up. */
  upload(wish: BlobUpload): Promise<void>;
  /** Bytes of it; throws NotFound. */
  download(
    sha256: string,
    range: { readonly offset: number; readonly length: number },
    options?: ResumeOptions,
  ): Promise<Blob>;
}

const pieceBytes = 4 * 1024 * 1024;

/** Yields the offset as it grows (I1). */
async function* send(
  transport: Transport,
  path: string,
  { blob, signal }: BlobUpload,
): AsyncGenerator<number> {
  let { offset } = await transport.json<{ readonly offset: number }>({ path, signal });
  while (offset < blob.size) {
    const piece = blob.slice(offset, offset + pieceBytes);
    const headers = { 'content-type': 'application/octet-stream' };
    const call = {
      method: 'PUT',
      path,
      query: { offset },
      blob: piece,
      headers,
      timeoutMs: 0,
      signal,
    } as const;
    ({ offset } = await transport.json<{ readonly offset: number }>(call));
    yield offset;
  }
}

const upload = async (transport: Transport, wish: BlobUpload): Promise<void> => {
  const { blob, sha256, signal, onProgress } = wish;
  const body = { sizeBytes: blob.size, sha256 };
  const begin = { method: 'POST', path: '/content/uploads', body, signal } as const;
  // Without an id it is there already.
  const { id } = await transport.json<{ readonly id?: string }>(begin);
  if (id === undefined) return;
  const path = `/content/uploads/${id}`;
  for await (const offset of resumed(() => send(transport, path, wish), wish)) onProgress?.(offset);
  await transport.json({ method: 'POST', path: `${path}/finish`, body: { sha256 }, signal });
};

const download: (transport: Transport, ...rest: Parameters<BlobStore['download']>) => Promise<Blob> = async (
  transport,
  sha256,
  { offset, length },
  options = {},
) => {
  const parts: Blob[] = [];
  let doneBytes = 0;
  if (length === 0) return new Blob([]);
  const ask = async function* (): AsyncGenerator<Uint8Array> {
    const headers = { range: `bytes=${offset + doneBytes}-${offset + length - 1}` };
    const call = { path: `/content/${sha256}`, headers, accept: '*/*', signal: options.signal };
    for await (const part of transport.bytes(call)) {
      doneBytes += part.length;
      yield part;
    }
  };
  // What is in a Blob is the browser's to keep, not the page's.
  for await (const part of resumed(ask, options)) parts.push(new Blob([part as Uint8Array<ArrayBuffer>]));
  return new Blob(parts);
};

export const createBlobStore = (transport: Transport): BlobStore => ({
  upload: (wish) => upload(transport, wish),
  download: (...wish) => download(transport, ...wish),
});
