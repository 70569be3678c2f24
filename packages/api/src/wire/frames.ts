// Owns cutting a byte stream into frames (4-byte big-endian length, then that many bytes).
// I1: memory grows with the bytes that have really come, never with what a header promises.
// I2: a frame handed out is the receiver's own: it is not written to again. An `owned` one has a buffer to itself; one
//     that came whole in a chunk is a view of the chunk.
import { WireError, type WireLimits, wireLimits } from './limits.ts';

const headerBytes = 4;
const firstBytes = 4096;

export class FrameSplitter {
  private readonly limit: number;
  private readonly onFrame: (frame: Uint8Array, owned: boolean) => void;
  private readonly header = new Uint8Array(headerBytes);
  private headerFilled = 0;
  /** Length of the frame being filled; 0 between frames. */
  private want = 0;
  private body: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  private filled = 0;

  constructor(onFrame: (frame: Uint8Array, owned: boolean) => void, limits: WireLimits = wireLimits) {
    this.onFrame = onFrame;
    this.limit = limits.frameBytes;
  }

  /** Bytes held for a frame that is not complete yet. */
  get heldBytes(): number {
    return this.body.length;
  }

  /** Length of the frame that is under way, as its header says; 0 between frames. */
  get wantedBytes(): number {
    return this.want;
  }

  /** True between the first byte of a frame and its last. */
  get inFrame(): boolean {
    return this.headerFilled > 0;
  }

  /**
   * Calls onFrame for each frame that `chunk` completes; true when one of them is a view of it. Throws WireError; the
   * stream is of no more use then.
   */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    let viewed = false;
    while (at < chunk.length) {
      if (this.headerFilled < headerBytes) at = this.fillHeader(chunk, at);
      else if (this.filled === 0 && chunk.length - at >= this.want) {
        const end = at + this.want;
        viewed = true;
        this.finish(chunk.subarray(at, end), false);
        at = end;
      } else at = this.fillBody(chunk, at);
    }
    return viewed;
  }

  private fillHeader(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && this.headerFilled < headerBytes) {
      this.header[this.headerFilled++] = chunk[at++] ?? 0;
    }
    if (this.headerFilled === headerBytes) this.want = this.parseHeader();
    return at;
  }

  private parseHeader(): number {
    const length = new DataView(this.header.buffer).getUint32(0);
    if (length > this.limit) {
      throw new WireError('frame-too-large', `cannot take a frame of ${length} bytes: over ${this.limit}`);
    }
    if (length === 0) throw new WireError('bad-frame', 'cannot take an empty frame');
    return length;
  }

  private fillBody(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.want - this.filled);
    this.reserve(this.filled + end - at);
    this.body.set(chunk.subarray(at, end), this.filled);
    this.filled += end - at;
    if (this.filled === this.want) this.finish(this.body.subarray(0, this.want), true);
    return end;
  }

  private reserve(length: number): void {
    if (length <= this.body.length) return;
    const grown = Math.min(this.want, Math.max(length, this.body.length * 4, firstBytes));
    this.body = new Uint8Array(this.body.buffer.transfer(grown));
  }

  private finish(frame: Uint8Array, owned: boolean): void {
    this.headerFilled = 0;
    this.want = 0;
    this.filled = 0;
    this.body = new Uint8Array(0);
    this.onFrame(frame, owned);
  }
}
