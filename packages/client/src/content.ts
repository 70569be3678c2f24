// Owns content by sha256: uploads that resume, downloads that resume.
// I1: memory is constant: bytes pass through one chunk at a time.
// I2: after a cut an upload goes on where the controller says it stands, a download where the last byte was.
import { ApiError } from '@drover/api/errors';
import { type ResumeOptions, resumed } from './resume.ts';
import type { Transport } from './transport.ts';

export interface BlobIndex {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly chunkSizeBytes: number;
  readonly chunks: readonly string[];
}

export interface Upload extends ResumeOptions {
  readonly sizeBytes: number;
  /** The bytes from an offset on; called again after a cut. */
  readonly read: (offset: number) => AsyncIterable<Uint8Array>;
  /** Asked for once all bytes have been read. */
  readonly sha256: string | (() => string | Promise<string>);
  readonly onProgress?: (doneBytes: number) => void;
}

export interface Content {
  /** Whether the controller has it already. */
  has(sha256: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  index(sha256: string, options?: { readonly signal?: AbortSignal }): Promise<BlobIndex>;
  /** Throws Invalid when the hash differs, InsufficientStorage when the controller's disk would fill up. */
  upload(upload: Upload): Promise<BlobIndex>;
  /** Throws NotFound. */
  download(sha256: string, options?: ResumeOptions & { readonly offset?: number }): AsyncIterable<Uint8Array>;
}

const has = async (http: Transport, sha256: string, signal: AbortSignal | undefined): Promise<boolean> => {
  try {
    await http.json({ method: 'HEAD', path: `/content/${sha256}`, signal });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return false;
    throw error;
  }
};

/** Sends what the controller does not have yet of upload `id`; yields the offset when it has grown past `known`. */
async function* send(http: Transport, id: string, upload: Upload, known: number): AsyncGenerator<number> {
  const path = `/content/uploads/${id}`;
  const { signal } = upload;
  const { offset } = await http.json<{ readonly offset: number }>({ path, signal });
  if (offset > known) yield offset;
  if (offset === upload.sizeBytes) return;
  let doneBytes = offset;
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for await (const part of upload.read(offset)) {
      yield part;
      doneBytes += part.length;
      upload.onProgress?.(doneBytes);
    }
  };
  const answer = await http.json<{ readonly offset: number }>({
    method: 'PUT',
    path,
    query: { offset },
    bytes: bytes(),
    // The answer comes when all is there; a connection that is cut tells itself.
    timeoutMs: 0,
    signal,
  });
  yield answer.offset;
}

const upload = async (http: Transport, wish: Upload): Promise<BlobIndex> => {
  const { signal, sizeBytes } = wish;
  const { id } = await http.json<{ readonly id: string }>({
    method: 'POST',
    path: '/content/uploads',
    body: { sizeBytes },
    signal,
  });
  let offset = 0;
  for await (const reached of resumed(() => send(http, id, wish, offset), wish)) offset = reached;
  if (offset !== sizeBytes) {
    throw new ApiError('Invalid', `cannot upload: ${offset} bytes came, ${sizeBytes} were announced`);
  }
  const sha256 = typeof wish.sha256 === 'string' ? wish.sha256 : await wish.sha256();
  return http.json({ method: 'POST', path: `/content/uploads/${id}/finish`, body: { sha256 }, signal });
};

export const createContent = (http: Transport): Content => ({
  has: (sha256, { signal } = {}) => has(http, sha256, signal),
  index: (sha256, { signal } = {}) => http.json({ path: `/content/${sha256}/index`, signal }),
  upload: (wish) => upload(http, wish),
  download: (sha256, options = {}) => {
    let { offset = 0 } = options;
    const ask = async function* (): AsyncGenerator<Uint8Array> {
      const headers = offset === 0 ? {} : { range: `bytes=${offset}-` };
      const path = `/content/${sha256}`;
      for await (const part of http.bytes({ path, headers, accept: '*/*', signal: options.signal })) {
        offset += part.length;
        yield part;
      }
    };
    return resumed(ask, options);
  },
});
