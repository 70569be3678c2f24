import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText, toSpans } from './ansi.ts';

test('colours and weight last until they are reset, over lines too', () => {
  const first = toSpans('a\x1b[1;31mb\x1b[0mc\x1b[32md');
  expect(first.spans.map(({ text, style }) => [text, style.bold, style.colour])).toEqual([
    ['a', undefined, undefined],
    ['b', true, '#ff8a80'],
    ['c', undefined, undefined],
    ['d', undefined, '#7cc674'],
  ]);
  expect(toSpans('e', first.to).spans[0]?.style.colour).toBe('#7cc674');
});

test.each([
  ['\x1b[38;5;196mx', 'rgb(255 0 0)'],
  ['\x1b[38;2;1;2;3mx', 'rgb(1 2 3)'],
  ['\x1b[38;5;255mx', 'rgb(238 238 238)'],
  ['\x1b[97mx', '#ffffff'],
  ['\x1b[31;39mx', undefined],
])('%j is shown in %s', (line, colour) => {
  expect(toSpans(line).spans[0]?.style.colour).toBe(colour);
});

test.each([
  ['\x1b]0;title\x07text', 'text'],
  ['\x1b[2J\x1b[Htext\x1b(B', 'text'],
  ['10%\r50%\r100%', '100%'],
  ['windows\r', 'windows'],
  ['a\tb\x00c', 'a\tbc'],
])('%j is read as %j', (line, text) => expect(plainText(line)).toBe(text));

test('no control character is left of any line, the tab aside', () => {
  const unit = fc.constantFrom(...'\x1b[]0;m?\x07\\\r\tab1');
  const property = fc.property(fc.string({ unit, maxLength: 30 }), (line) => {
    const text = toSpans(line)
      .spans.map((span) => span.text)
      .join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
  });
  fc.assert(property, { numRuns: 2_000 });
});
