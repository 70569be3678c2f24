import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from './frames.ts';

const framed = (body: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(body.length + 4);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
};

describe('frames', () => {
  it('come out whole however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { maxLength: 6 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (sent, cuts) => {
        const got: Uint8Array[] = [];
        const splitter = new FrameSplitter((frame) => got.push(frame));
        const stream = Uint8Array.from(sent.flatMap((body) => [...framed(body)]));
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] ?? 1);
          splitter.push(stream.subarray(at, end));
          at = end;
        }
        expect(got.map((frame) => Array.from(frame))).toEqual(sent.map((body) => Array.from(body)));
        expect(splitter.inFrame).toBe(false);
      }),
    );
  });

  it('tells which have a buffer of their own, and whether a chunk is still in use', () => {
    const told: [number, boolean][] = [];
    const splitter = new FrameSplitter((frame, owned) => {
      if (owned) expect(frame.buffer.byteLength).toBe(frame.length);
      told.push([frame.length, owned]);
    });
    const large = framed(new Uint8Array(70_000).fill(1));
    expect(splitter.push(large.subarray(0, 16_384))).toBe(false);
    expect(splitter.push(large.subarray(16_384))).toBe(false);
    expect(splitter.push(framed(Uint8Array.of(1, 2)))).toBe(true);
    expect(told).toEqual([
      [70_000, true],
      [2, false],
    ]);
  });

  it('a giant header is refused at once', () => {
    const splitter = new FrameSplitter(() => undefined);
    expect(() => splitter.push(Uint8Array.of(0x7f, 0xff, 0xff, 0xff))).toThrow(/2147483647 bytes/);
    expect(() => new FrameSplitter(() => undefined).push(new Uint8Array(4))).toThrow(/empty/);
  });

  it('memory follows what has come, not what the header promises', () => {
    const splitter = new FrameSplitter(() => undefined);
    splitter.push(Uint8Array.of(0, 0xff, 0, 0, 1, 2, 3));
    expect(splitter.heldBytes).toBeLessThanOrEqual(4096);
    for (let i = 0; i < 10_000; i++) splitter.push(Uint8Array.of(1));
    expect(splitter.heldBytes).toBeLessThan(32_768);
  });
});
