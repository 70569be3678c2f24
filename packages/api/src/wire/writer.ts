// Owns writing of Thrift binary values into a buffer that grows and is used again for the next message.
// I1: what is written fits the frame limit; a value out of its type's range is refused, never wrapped.
import { WireError, type WireLimits, wireLimits } from './limits.ts';

const utf8 = new TextEncoder();
const firstBytes = 4096;
/** A buffer that grew beyond this for one large message is given back after it. */
const keptBytes = 256 * 1024;
const shortString = 24;

export class Writer {
  private bytes = new Uint8Array(firstBytes);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private readonly limits: WireLimits;

  constructor(limits: WireLimits = wireLimits) {
    this.limits = limits;
  }

  private room(length: number): number {
    const at = this.at;
    const end = at + length;
    if (end > this.bytes.length) this.grow(end);
    this.at = end;
    return at;
  }

  private grow(end: number): void {
    if (end > this.limits.frameBytes + 4) {
      throw new WireError('frame-too-large', `cannot write a message over ${this.limits.frameBytes} bytes`);
    }
    const bytes = new Uint8Array(Math.max(end, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  byte(value: number): void {
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  i8(value: number): void {
    checkInteger(value, -128, 127, 'byte');
    this.byte(value);
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  i16(value: number): void {
    checkInteger(value, -32768, 32767, 'i16');
    const at = this.room(2);
    this.view.setInt16(at, value);
  }

  i32(value: number): void {
    checkInteger(value, -2147483648, 2147483647, 'i32');
    const at = this.room(4);
    this.view.setInt32(at, value);
  }

  i64(value: number): void {
    checkInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'i64');
    const at = this.room(8);
    this.view.setInt32(at, Math.floor(value / 4294967296));
    this.view.setUint32(at + 4, value >>> 0);
  }

  double(value: number): void {
    const at = this.room(8);
    this.view.setFloat64(at, value);
  }

  binary(value: Uint8Array): void {
    this.i32(value.length);
    const at = this.room(value.length);
    this.bytes.set(value, at);
  }

  /** UTF-8; a lone surrogate becomes U+FFFD. */
  string(value: string): void {
    if (value.length <= shortString && this.ascii(value)) return;
    const start = this.room(4);
    const worst = value.length * 3;
    const at = this.room(Math.min(worst, this.exactBytes(value, worst)));
    const { written } = utf8.encodeInto(value, this.bytes.subarray(at));
    this.view.setInt32(start, written);
    this.at = at + written;
  }

  /** The worst case is good enough unless it alone would break the frame limit. */
  private exactBytes(value: string, worst: number): number {
    return this.at + worst <= this.limits.frameBytes ? worst : utf8.encode(value).length;
  }

  private ascii(value: string): boolean {
    const start = this.at;
    const at = this.room(4 + value.length) + 4;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        this.at = start;
        return false;
      }
      this.view.setUint8(at + i, code);
    }
    this.view.setInt32(start, value.length);
    return true;
  }

  /** Begins a frame: four bytes are kept for its length. */
  begin(): void {
    this.at = 4;
  }

  /** Ends the frame and returns it, header included, as bytes of its own. */
  end(): Uint8Array {
    this.view.setInt32(0, this.at - 4);
    const frame = this.bytes.slice(0, this.at);
    if (this.bytes.length > keptBytes) {
      this.bytes = new Uint8Array(firstBytes);
      this.view = new DataView(this.bytes.buffer);
    }
    return frame;
  }
}

const checkInteger = (value: number, least: number, most: number, type: string): void => {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new WireError('out-of-range', `cannot write ${value} as ${type}`);
  }
};
