// Two people's changes of one object: what only one changed is taken, what both changed is asked about.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentOf, parseText } from './document.ts';
import { toYaml } from './editable.ts';
import { mergeThreeWay } from './merge.ts';
import { withChanges } from './merged-text.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const leaf = fc.oneof(
  fc.integer({ max: 3, min: 0 }),
  fc.constantFrom('x', 'y'),
  fc.array(fc.nat(2), { maxLength: 2 }),
);
const map = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { noNullPrototype: true })), {
  noNullPrototype: true,
});

/** Mine as a text, with what the merge says done to it. */
const joined = (base: object, mine: object, theirs: object): unknown => {
  const { changes } = mergeThreeWay(base, mine, theirs);
  return contentOf(parseText(withChanges(toYaml(mine), changes)));
};

test('who changed nothing gets all that the other changed', () => {
  fc.assert(
    fc.property(map, map, (base, theirs) => {
      expect(mergeThreeWay(base, base, theirs).conflicts).toEqual([]);
      expect(joined(base, base, theirs)).toEqual(theirs);
      expect(mergeThreeWay(base, theirs, base)).toEqual({ changes: [], conflicts: [] });
      expect(mergeThreeWay(base, theirs, theirs)).toEqual({ changes: [], conflicts: [] });
    }),
  );
});

test('both see the same conflicts, and without one both end with the same object', () => {
  fc.assert(
    fc.property(map, map, map, (base, mine, theirs) => {
      const [here, there] = [mergeThreeWay(base, mine, theirs), mergeThreeWay(base, theirs, mine)];
      const paths = (one: typeof here) => one.conflicts.map(({ path }) => path.join('.')).sort();
      expect(paths(here)).toEqual(paths(there));
      if (here.conflicts.length === 0) expect(joined(base, mine, theirs)).toEqual(joined(base, theirs, mine));
    }),
  );
});

test('fields beside each other are joined, one field is a conflict with all three values', () => {
  const base = { spec: { place: 'hall', high: 1, list: [1] } };
  const mine = { spec: { place: 'attic', high: 1, list: [1, 2] } };
  const theirs = { spec: { place: 'cellar', high: 2, list: [1] } };
  expect(mergeThreeWay(base, mine, theirs)).toEqual({
    changes: [{ path: ['spec', 'high'], value: 2 }],
    conflicts: [{ path: ['spec', 'place'], base: 'hall', mine: 'attic', theirs: 'cellar' }],
  });
});

test('one takes away what the other changed: that is asked about', () => {
  const { conflicts } = mergeThreeWay({ a: { x: 1 } }, {}, { a: { x: 2 } });
  expect(conflicts).toEqual([{ path: ['a'], base: { x: 1 }, mine: undefined, theirs: { x: 2 } }]);
});
