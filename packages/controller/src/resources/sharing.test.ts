import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharing } from './sharing.ts';

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  .map(copy);

test('the same again is the value itself', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(sharing(value, copy(value))).toBe(value);
    }),
  );
});

test('what differs comes out as it went in, whatever was before', () => {
  fc.assert(
    fc.property(json, json, (before, next) => {
      expect(sharing(before, copy(next))).toEqual(next);
    }),
  );
});

test('parts that did not change are the old ones', () => {
  const before = { spec: { a: [{ x: 1 }, { y: 2 }] }, status: { phase: 'Pending' }, list: [1, 2] };
  const after = sharing(before, {
    spec: { a: [{ x: 1 }, { y: 3 }] },
    status: { phase: 'Pending' },
    list: [1],
  });
  expect(after).toEqual({ spec: { a: [{ x: 1 }, { y: 3 }] }, status: { phase: 'Pending' }, list: [1] });
  expect(after.status).toBe(before.status);
  expect(after.spec.a[0]).toBe(before.spec.a[0]);
});

test('a member that is gone, or new, is a change', () => {
  const before: object = { a: 1, b: 2 };
  expect(sharing(before, { a: 1 })).toEqual({ a: 1 });
  expect(sharing({ a: 1 } as object, before)).toEqual(before);
});
