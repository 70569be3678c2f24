// Owns reading of Thrift binary values from one frame.
// I1: no byte outside the frame is read; every length is checked against what is left before anything is made.
// I2: depth and the number of elements of one message are bounded (limits.ts).
import { WireError, type WireLimits, wireLimits } from './limits.ts';

/** Type bytes of the Thrift binary protocol. */
export const wireTypes = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

/** Fewest bytes one value of a wire type takes; 0 marks a type that does not exist. */
const leastBytes: readonly number[] = [0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 4, 1, 6, 5, 5];
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const shortString = 24;

export class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  private at = 0;
  private depth = 0;
  private elements = 0;
  private readonly limits: WireLimits;

  constructor(bytes: Uint8Array, limits: WireLimits = wireLimits) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limits = limits;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  private take(length: number): number {
    const at = this.at;
    if (length > this.bytes.length - at) {
      throw new WireError('truncated', `cannot read ${length} bytes at ${at}: the message ends there`);
    }
    this.at = at + length;
    return at;
  }

  byte(): number {
    return this.view.getUint8(this.take(1));
  }

  i8(): number {
    return this.view.getInt8(this.take(1));
  }

  bool(): boolean {
    return this.view.getUint8(this.take(1)) !== 0;
  }

  i16(): number {
    return this.view.getInt16(this.take(2));
  }

  i32(): number {
    return this.view.getInt32(this.take(4));
  }

  /** Only integers that a JavaScript number holds exactly; the contract needs no others. */
  i64(): number {
    const at = this.take(8);
    const value = this.view.getInt32(at) * 4294967296 + this.view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) {
      throw new WireError('out-of-range', `cannot read i64 at ${at}: beyond 2^53`);
    }
    return value;
  }

  double(): number {
    return this.view.getFloat64(this.take(8));
  }

  private length(): number {
    const length = this.i32();
    if (length < 0 || length > this.left) {
      throw new WireError('bad-length', `cannot read ${length} bytes: ${this.left} are left`);
    }
    return length;
  }

  /** A view of the frame: who wants to keep it longer copies it. */
  binary(): Uint8Array {
    const length = this.length();
    const at = this.take(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  /** UTF-8; bytes that are not become U+FFFD, since one bad name must not make a whole report undeliverable. */
  string(): string {
    const length = this.length();
    const at = this.take(length);
    if (length <= shortString) {
      const text = this.ascii(at, length);
      if (text !== undefined) return text;
    }
    return utf8.decode(this.bytes.subarray(at, at + length));
  }

  private ascii(at: number, length: number): string | undefined {
    let text = '';
    for (let i = at; i < at + length; i++) {
      const byte = this.view.getUint8(i);
      if (byte > 127) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Checks the count of a container against what is left (I1) and the element bound (I2). */
  private count(bytesEach: number): number {
    const count = this.i32();
    if (count < 0 || count * bytesEach > this.left) {
      throw new WireError('bad-length', `cannot read ${count} elements: ${this.left} bytes are left`);
    }
    this.tally(count);
    return count;
  }

  private tally(count: number): void {
    this.elements += count;
    if (this.elements > this.limits.elements) {
      throw new WireError('too-many', `cannot read a message of over ${this.limits.elements} elements`);
    }
  }

  /** Header of a list or set; returns the element type and count. An empty one may name any type. */
  listHeader(): { readonly type: number; readonly count: number } {
    const type = this.byte();
    const least = leastBytes[type] ?? 0;
    const count = this.count(least === 0 ? 1 : least);
    if (count > 0 && least === 0) throw new WireError('bad-type', `cannot read wire type ${type}: unknown`);
    return { type, count };
  }

  mapHeader(): { readonly keyType: number; readonly valueType: number; readonly count: number } {
    const keyType = this.byte();
    const valueType = this.byte();
    const [key, value] = [leastBytes[keyType] ?? 0, leastBytes[valueType] ?? 0];
    const count = this.count(key + value || 1);
    if (count > 0 && (key === 0 || value === 0)) {
      throw new WireError('bad-type', `cannot read a map of wire types ${keyType}, ${valueType}: unknown`);
    }
    return { keyType, valueType, count };
  }

  enter(): void {
    if (++this.depth > this.limits.depth) {
      throw new WireError('too-deep', `cannot read values nested over ${this.limits.depth} deep`);
    }
  }

  leave(): void {
    this.depth -= 1;
  }

  /** The type of the next field, 0 at the end of the struct; its id is read with i16(). */
  fieldType(): number {
    const type = this.byte();
    if (type === 0) return 0;
    if (!leastBytes[type]) throw new WireError('bad-type', `cannot read wire type ${type}: unknown`);
    return type;
  }

  /** Walks over a value of any type without making anything. */
  skip(type: number): void {
    switch (type) {
      case wireTypes.string:
        this.take(this.length());
        return;
      case wireTypes.struct:
        this.skipStruct();
        return;
      case wireTypes.list:
      case wireTypes.set:
        this.skipList();
        return;
      case wireTypes.map:
        this.skipMap();
        return;
      default: {
        const size = leastBytes[type];
        if (!size) throw new WireError('bad-type', `cannot skip wire type ${type}: unknown`);
        this.take(size);
      }
    }
  }

  private skipStruct(): void {
    this.enter();
    for (let type = this.fieldType(); type !== 0; type = this.fieldType()) {
      this.i16();
      this.tally(1);
      this.skip(type);
    }
    this.leave();
  }

  private skipList(): void {
    this.enter();
    const { type, count } = this.listHeader();
    for (let i = 0; i < count; i++) this.skip(type);
    this.leave();
  }

  private skipMap(): void {
    this.enter();
    const { keyType, valueType, count } = this.mapHeader();
    for (let i = 0; i < count; i++) {
      this.skip(keyType);
      this.skip(valueType);
    }
    this.leave();
  }
}
