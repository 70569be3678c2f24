import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleaned, join, nameOf, parentOf, shown, toPath, toText, wayTo } from './remote-path.ts';

test('what was typed comes back as it was', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(fc.property(text, (typed) => toText(toPath(typed)) === typed));
});

test('a path is cleaned as a shell would walk it, and never leaves /', () => {
  expect(cleaned('//var/../srv/./a//b/')).toBe('/srv/a/b');
  expect(cleaned('/../..')).toBe('/');
  expect(cleaned('')).toBe('/');
});

test('parent and name are what join puts together', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z%.]{1,8}$/), { minLength: 1 }), (names) => {
      const path = `/${names.join('/')}`;
      expect(join(parentOf(path), nameOf(path))).toBe(path);
      expect(wayTo(path).at(-1)).toBe(path);
      expect(wayTo(path)).toHaveLength(names.length + 1);
    }),
  );
});

test('people read text as text, and odd bytes as they are written', () => {
  expect(shown('/srv/100%25 中')).toBe('/srv/100% 中');
  expect(shown('/srv/%FF')).toBe('/srv/%FF');
  expect(shown('/srv/a%0Ab')).toBe('/srv/a%0Ab');
});
