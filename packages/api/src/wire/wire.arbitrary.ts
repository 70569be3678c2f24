// Owns arbitrary values of the wire's types for property tests, made from the same tables as the codec.
import fc from 'fast-check';
import { structs, type WireField, type WireType } from './agent.gen.ts';

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  byte: fc.integer({ min: -128, max: 127 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  i32: fc.integer(),
  i64: fc.maxSafeInteger(),
  double: fc.double(),
  string: fc.string({ unit: 'binary', maxLength: 60 }),
  binary: fc.uint8Array({ maxLength: 200 }),
};

const ofType = (type: WireType): fc.Arbitrary<unknown> => {
  if (typeof type === 'string') return scalars[type] ?? fc.constant(undefined);
  switch (type[0]) {
    case 'list':
      return fc.array(ofType(type[1]), { maxLength: 5 });
    case 'map':
      return fc.dictionary(fc.string({ unit: 'binary', maxLength: 9 }), ofType(type[1]), {
        maxKeys: 5,
        noNullPrototype: true,
      });
    case 'struct':
      return arbitraryFields(structs[type[1]]?.fields ?? []);
  }
};

/** Values of a struct or of a call's arguments; optional fields are absent half of the time. */
export const arbitraryFields = (fields: readonly WireField[]): fc.Arbitrary<Record<string, unknown>> => {
  const members = Object.fromEntries(fields.map(([, name, type]) => [name, ofType(type)]));
  const requiredKeys = fields.filter(([, , , fallback]) => fallback !== null).map(([, name]) => name);
  return fc.record(members, { requiredKeys, noNullPrototype: true });
};
