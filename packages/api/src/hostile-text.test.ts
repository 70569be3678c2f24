// Text that makes a careless reader take time out of all proportion: whatever reads text from outside is given it.
import { expect, test } from 'vitest';
import { parseJsonPath } from './custom/json-path.ts';
import { matchesPattern } from './custom/patterns.ts';
import { nodeKind } from './kinds/node.ts';
import { parseNodeSet } from './node-set/index.ts';
import { parseFieldSelector } from './selectors/field-selector.ts';
import { parseLabelSelector } from './selectors/label-selector.ts';

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'a label selector': parseLabelSelector,
  'a field selector': (text) => parseFieldSelector(text, nodeKind),
  'a node-set': parseNodeSet,
  'a JSON path': parseJsonPath,
  'a pattern that backtracks elsewhere': (text) => matchesPattern('^(a+)+$|^(a|aa)*b$|(.*a){12}$', text),
};

/** A head, what is repeated, a tail that keeps the whole from matching. */
const shapes: readonly (readonly [string, string, string])[] = [
  ['', 'a', '!'],
  ['', 'a,', ''],
  ['a in (', 'a,', ''],
  ['a in ', '(', ''],
  ['', ' ', 'x'],
  ['', '!', ''],
  ['', 'a=', ''],
  ['', '\\,', ''],
  ['n[1-', '9', ']'],
  ['', 'n[1-2]', ''],
  ['', '(', ''],
  ['', '*', 'b'],
  ['', '*a', 'b'],
  ['@', '@', ''],
  ['{', '[0]', ''],
  ['.', '..', ''],
  ["['", "\\'", ''],
];

const sizeBytes = 64 * 1024; // as long as a request line and its headers may be

test.each(Object.entries(readers))('%s of any shape is read or refused in linear time', (_, read) => {
  for (const [head, part, tail] of shapes) {
    const text = head + part.repeat(sizeBytes / part.length) + tail;
    const startMs = performance.now();
    try {
      read(text);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    // Linear takes milliseconds; quadratic would take minutes of this size, exponential for ever.
    expect(performance.now() - startMs, JSON.stringify([head, part, tail])).toBeLessThan(3_000);
  }
});
