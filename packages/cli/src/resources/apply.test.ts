import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toApplyPatch } from './apply.ts';

type Json = unknown;
const isRecord = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396. */
const merge = (target: Json, patch: Json): Json => {
  if (!isRecord(patch)) return patch;
  const result: Record<string, Json> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  return result;
};

const key = fc.constantFrom('a', 'b', 'c', 'd');
const { object: anyObject } = fc.letrec((tie) => ({
  value: fc.oneof(
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));

/** Every field of `wanted` is in `live` with its value. */
const holds = (live: Json, wanted: Json): boolean =>
  isRecord(wanted)
    ? isRecord(live) && Object.entries(wanted).every(([name, value]) => holds(live[name], value))
    : JSON.stringify(live) === JSON.stringify(wanted);

test('after the patch everything wanted is there, what was dropped is gone, and there is nothing more to do', () => {
  fc.assert(
    fc.property(anyObject, anyObject, anyObject, (before, wanted, live) => {
      const patch = toApplyPatch(before, wanted, live);
      const after = patch === undefined ? live : merge(live, patch);
      expect(holds(after, wanted)).toBe(true);
      expect(toApplyPatch(wanted, wanted, after)).toBeUndefined();
      for (const name of Object.keys(before as object))
        if (!(name in (wanted as object))) expect(after).not.toHaveProperty(name);
    }),
  );
});

test('fields that nobody applied stay as they are', () => {
  fc.assert(
    fc.property(anyObject, anyObject, (wanted, live) => {
      const after = merge(live, toApplyPatch({}, wanted, live) ?? {}) as Record<string, Json>;
      for (const [name, value] of Object.entries(live as Record<string, Json>))
        if (!(name in (wanted as object))) expect(after[name]).toEqual(value);
    }),
  );
});
