// Owns reading a stream in pieces of a wanted size, holding no more than a piece and what came with it.

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `sizeBytes`; fewer only at the end. */
  async upTo(sizeBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let lackBytes = sizeBytes;
    while (lackBytes > 0) {
      if (this.#held.length === 0 && !(await this.#fetch())) break;
      const piece = this.#held.subarray(0, lackBytes);
      this.#held = this.#held.subarray(piece.length);
      lackBytes -= piece.length;
      pieces.push(piece);
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  async #fetch(): Promise<boolean> {
    while (!this.#ended && this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else this.#held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return this.#held.length > 0;
  }
}
