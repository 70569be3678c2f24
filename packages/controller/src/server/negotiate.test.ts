import { expect, test } from 'vitest';
import { parseAccept } from './negotiate.ts';

const typesOf = (header?: string): readonly string[] => parseAccept(header).map(({ type }) => type);

test('the ranges of a header come best first, the same each time that it is sent', () => {
  const header = 'text/html;q=0.5, application/json;as=Table, image/png;q=0';
  expect(typesOf(header)).toEqual(['application/json', 'text/html']);
  expect(typesOf(header)).toEqual(['application/json', 'text/html']);
  expect(typesOf()).toEqual(['*/*']);
});

test('headers that nobody sent before, and long ones, are read all the same', () => {
  for (let n = 0; n < 1_000; n++) expect(typesOf(`application/x-${n}`)).toEqual([`application/x-${n}`]);
  const long = `application/${'x'.repeat(5_000)}`;
  expect(typesOf(long)).toEqual([long]);
});
