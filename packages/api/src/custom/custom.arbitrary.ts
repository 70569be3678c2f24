// Owns random structural schemas, and values that follow one, for property tests.
import fc from 'fast-check';
import type { Schema } from './schema.ts';

const names = fc.constantFrom('a', 'b', 'c', 'd-e', 'f.g');

const scalar: fc.Arbitrary<Schema> = fc.oneof(
  fc.record({ type: fc.constant('string'), maxLength: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ type: fc.constant('boolean'), nullable: fc.boolean() }),
  fc.constant({ 'x-kubernetes-int-or-string': true }),
  fc.record({ type: fc.constant('integer'), default: fc.integer({ min: 0, max: 9 }) }),
);

const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(names, tie('schema'), { maxKeys: 4 }),
    }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.constant({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  ),
}));

/** A structural schema of a whole object. */
export const anySchema: fc.Arbitrary<Schema> = fc
  .dictionary(fc.constantFrom('spec', 'status', 'data'), schema, { minKeys: 1 })
  .map((properties) => ({ type: 'object', properties }));

/** A value that the schema allows. */
export const followerOf = (of: Schema): fc.Arbitrary<unknown> => {
  if (of['x-kubernetes-int-or-string'] === true) return fc.oneof(fc.integer(), fc.string());
  switch (of.type) {
    case 'string':
      return fc.string({ maxLength: of.maxLength ?? 20 });
    case 'integer':
      return fc.integer({ min: of.minimum ?? -100, max: 100 });
    case 'boolean':
      return of.nullable === true ? fc.option(fc.boolean()) : fc.boolean();
    case 'array':
      return fc.array(followerOf(of.items ?? {}), { maxLength: 3 });
    case 'object': {
      if (typeof of.additionalProperties === 'object')
        return fc.dictionary(names, followerOf(of.additionalProperties), { maxKeys: 3 });
      const members = Object.entries(of.properties ?? {}).map(
        ([key, member]) => [key, followerOf(member)] as const,
      );
      return fc.record(Object.fromEntries(members), { requiredKeys: [] });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
};
