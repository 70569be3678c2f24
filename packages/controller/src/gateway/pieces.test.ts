import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inPieces } from './pieces.ts';

async function* chunksOf(chunks: readonly Uint8Array[], fails: boolean) {
  yield* chunks;
  if (fails) throw new Error('cut');
}

it('pieces are the same bytes, in fewer parts, also of a source that fails', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 100 }), fc.boolean(), async (sent, size, fails) => {
      const got: Uint8Array[] = [];
      const read = async () => {
        for await (const piece of inPieces(chunksOf(sent, fails), size)) got.push(Uint8Array.from(piece));
      };
      if (fails) await expect(read()).rejects.toThrow('cut');
      else await read();
      expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
      expect(got.slice(0, -1).every((piece) => piece.length === size)).toBe(true);
    }),
  );
});
