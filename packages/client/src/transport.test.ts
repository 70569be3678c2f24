import { expect, test } from 'vitest';
import { toWarnings } from './transport.ts';

test('warnings are read as Kubernetes writes them', () => {
  expect(toWarnings(null)).toEqual([]);
  expect(toWarnings(String.raw`299 - "a \"b\" \\ c", 299 - "d, e", 199 - "not ours"`)).toEqual([
    String.raw`a "b" \ c`,
    'd, e',
  ]);
});
