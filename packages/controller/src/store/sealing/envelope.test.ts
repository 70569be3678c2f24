import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataKeyOf, openText, sealText } from './envelope.ts';

const newKey = (number: number) => ({ number, key: createSecretKey(randomBytes(32)) });
const key = newKey(7);
const texts = fc.string({ unit: 'grapheme', maxLength: 300 });
const places = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 5 });

test('what is sealed opens to the same text in the same place, and tells its key', () => {
  fc.assert(
    fc.property(texts, places, (text, place) => {
      const sealed = sealText(key, text, place);
      expect(openText(key, sealed, place)).toBe(text);
      expect([dataKeyOf(sealed), dataKeyOf(text)]).toEqual([7, 0]);
    }),
  );
});

test('no two envelopes are alike, also of the same text', () => {
  const all = new Set(Array.from({ length: 1_000 }, () => sealText(key, 'text', ['a'])));
  expect(all.size).toBe(1_000);
});

test('an envelope with any bit flipped does not open', () => {
  fc.assert(
    fc.property(texts, places, fc.nat(), fc.integer({ min: 0, max: 7 }), (text, place, at, bit) => {
      const bytes = Buffer.from(sealText(key, text, place));
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      expect(openText(key, bytes.toString('latin1'), place)).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test('an envelope that is cut, lengthened or put together from two does not open', () => {
  fc.assert(
    fc.property(texts, texts, fc.nat(), fc.string({ minLength: 1 }), (text, other, at, more) => {
      const sealed = sealText(key, text, ['a']);
      const cut = at % sealed.length;
      expect(openText(key, sealed.slice(0, cut), ['a'])).toBeUndefined();
      expect(openText(key, sealed + more, ['a'])).toBeUndefined();
      const second = sealText(key, other, ['a']);
      const mixed = sealed.slice(0, cut) + second.slice(cut);
      fc.pre(mixed !== sealed && mixed !== second);
      expect(openText(key, mixed, ['a'])).toBeUndefined();
    }),
  );
});

test('an envelope does not open in another place, nor under another key', () => {
  fc.assert(
    fc.property(texts, places, places, (text, place, other) => {
      fc.pre(JSON.stringify(place) !== JSON.stringify(other));
      const sealed = sealText(key, text, place);
      expect(openText(key, sealed, other)).toBeUndefined();
      expect(openText(newKey(7), sealed, place)).toBeUndefined();
      expect(openText({ ...key, number: 8 }, sealed.replace(':7:', ':8:'), place)).toBeUndefined();
    }),
  );
});
