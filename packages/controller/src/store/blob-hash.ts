// Owns the two hashes of a content: of the whole and of each chunk, made as the bytes pass.
import { createHash, type Hash } from 'node:crypto';

export const chunkSizeBytes = 4 * 1024 * 1024;

export class BlobHash {
  readonly #whole: Hash = createHash('sha256');
  readonly #chunks: string[] = [];
  #chunk: Hash = createHash('sha256');
  #inChunk = 0;
  sizeBytes = 0;

  update(data: Uint8Array): void {
    this.#whole.update(data);
    this.sizeBytes += data.length;
    for (let from = 0; from < data.length; ) {
      const to = Math.min(data.length, from + chunkSizeBytes - this.#inChunk);
      this.#chunk.update(data.subarray(from, to));
      this.#inChunk += to - from;
      from = to;
      if (this.#inChunk === chunkSizeBytes) this.#closeChunk();
    }
  }

  #closeChunk(): void {
    this.#chunks.push(this.#chunk.digest('hex'));
    this.#chunk = createHash('sha256');
    this.#inChunk = 0;
  }

  /** May be asked at any time; more may follow. */
  result(): { readonly sha256: string; readonly chunks: readonly string[] } {
    const rest = this.#inChunk > 0 ? [this.#chunk.copy().digest('hex')] : [];
    return { sha256: this.#whole.copy().digest('hex'), chunks: [...this.#chunks, ...rest] };
  }
}
