import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  difference,
  type FieldSet,
  type Fields,
  intersection,
  parseFieldSet,
  toPaths,
  toSet,
  union,
  withoutTrees,
} from './field-set.ts';

const { set } = fc.letrec<{ set: Fields; steps: Record<string, FieldSet> }>((tie) => ({
  steps: fc
    .dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"n":"x"}', 'v:1'), tie('set'), { maxKeys: 3 })
    .map((steps) =>
      Object.fromEntries(
        Object.entries(steps).flatMap(([step, next]) => (next === undefined ? [] : [[step, next] as const])),
      ),
    ),
  set: fc
    .tuple(
      fc.boolean(),
      fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constant({}), tie('steps')),
    )
    .map(([member, steps]) => toSet(member, steps as Record<string, FieldSet>)),
}));
/** The set itself is not a path of it: what is compared is below. */
const under = set.map((inner) => (inner === undefined ? undefined : { 'f:top': inner }));
const paths = (fields: Fields): ReadonlySet<string> => new Set(toPaths(fields));

test('sets are joined, cut and subtracted as the sets of their paths are', () => {
  fc.assert(
    fc.property(under, under, (a, b) => {
      const [x, y] = [paths(a), paths(b)];
      expect(paths(union(a, b))).toEqual(new Set([...x, ...y]));
      expect(paths(intersection(a, b))).toEqual(new Set([...x].filter((path) => y.has(path))));
      expect(paths(difference(a, b))).toEqual(new Set([...x].filter((path) => !y.has(path))));
      const outside = [...x].filter((path) => ![...y].some((root) => path === root || isBelow(path, root)));
      expect(paths(withoutTrees(a, b))).toEqual(new Set(outside));
    }),
  );
});

const isBelow = (path: string, root: string): boolean =>
  path.startsWith(root) && (path[root.length] === '.' || path[root.length] === '[');

test('what changes nothing gives the same set, and what is empty is undefined', () => {
  fc.assert(
    fc.property(under, (a) => {
      expect(union(a, a)).toBe(a);
      expect(union(a, undefined)).toBe(a);
      expect(difference(a, undefined)).toBe(a);
      expect(intersection(a, a)).toBe(a);
      expect(toPaths(difference(a, a))).toEqual([]);
    }),
  );
});

test('a set that was sent is read back the same, keys and values in one spelling', () => {
  fc.assert(
    fc.property(under, (a) => {
      if (a !== undefined) expect(paths(parseFieldSet(JSON.parse(JSON.stringify(a))))).toEqual(paths(a));
    }),
  );
  const sent = { 'k:{"b": 1, "a":"\\u003c"}': { '.': {}, 'f:x': {} }, 'v: "y"': {} };
  expect(Object.keys(parseFieldSet(sent))).toEqual(['k:{"a":"<","b":1}', 'v:"y"']);
  expect(toPaths(parseFieldSet(sent))).toEqual(['[a="<",b=1]', '[="y"]', '[a="<",b=1].x']);
});

test.each([
  ['no object', []],
  ['a step of no kind', { x: {} }],
  ['keys that are not JSON', { 'k:{': {} }],
  ['keys that are no object', { 'k:1': {} }],
  ['an index that is no number', { 'i:x': {} }],
  ['what follows a step is no object', { 'f:x': 1 }],
])('a set with %s is refused', (_what, value) => {
  expect(() => parseFieldSet(value)).toThrow('cannot read fieldsV1');
});

test('a set that nests without end is refused', () => {
  let deep: object = {};
  for (let i = 0; i < 100; i += 1) deep = { 'f:x': deep };
  expect(() => parseFieldSet(deep)).toThrow('nested deeper');
});
