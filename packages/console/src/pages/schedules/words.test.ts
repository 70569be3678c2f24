import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toLine, toWords } from './words.ts';

test('blanks part words, quotes hold them together', () => {
  expect(toWords(`  a "b c" 'd "e"' f\\ g ''  $(x)`)).toEqual(['a', 'b c', 'd "e"', 'f g', '', '$(x)']);
  expect(toWords('')).toEqual([]);
});

test('words are read again as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(toWords(toLine(words))).toEqual(words);
    }),
  );
});
