// Owns random kinds, objects and sequences of apply and update for the comparison with upstream, and how a kind's JSON
// schema is said in upstream's own words.
import fc from 'fast-check';

export type Schema = Readonly<Record<string, unknown>>;
type Json = Readonly<Record<string, unknown>>;

export interface Step {
  readonly manager: string;
  readonly apply: boolean;
  readonly force: boolean;
  readonly object: Json;
}

export interface Case {
  readonly schema: Schema;
  readonly steps: readonly Step[];
}

const text: Schema = { type: 'string' };
const structOf = (properties: Readonly<Record<string, Schema>>, extra: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...extra,
});
const mapOf = (values: Schema): Schema => ({ type: 'object', patternProperties: { '^.*$': values } });
const listOf = (items: Schema, extra: Schema = {}): Schema => ({ type: 'array', items, ...extra });
const keyed = (keys: readonly string[]): Schema => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});

const withKeys = (item: Schema): Schema =>
  structOf({ ...(item['properties'] as Record<string, Schema>), k: text });
const withTwoKeys = (item: Schema): Schema =>
  structOf({
    ...(item['properties'] as Record<string, Schema>),
    k: text,
    p: { type: 'string', default: 'x' },
  });

/** A field of a struct: every kind of list and map, two levels deep. */
const schema = fc.letrec<{ struct: Schema; field: Schema }>((tie) => ({
  struct: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('field'), { maxKeys: 3 }).map((p) => structOf(p)),
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(text),
    fc.constant(mapOf(text)),
    fc.constant(listOf(text)),
    fc.constant(listOf(text, { 'x-kubernetes-list-type': 'set' })),
    fc.constant(listOf(text, { 'x-kubernetes-patch-strategy': 'merge' })),
    tie('struct'),
    tie('struct').map((s) => ({ ...s, 'x-kubernetes-map-type': 'atomic' })),
    tie('struct').map((s) => mapOf(s)),
    tie('struct').map((s) => listOf(s)),
    tie('struct').map((s) => listOf(withKeys(s), keyed(['k']))),
    tie('struct').map((s) => listOf(withTwoKeys(s), keyed(['k', 'p']))),
    tie('struct').map((s) =>
      listOf(withKeys(s), { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': 'k' }),
    ),
  ),
}));

const letter = fc.constantFrom('x', 'y', 'z');

const keysOf = (list: Schema): readonly string[] => {
  const keys = list['x-kubernetes-list-map-keys'];
  const merge = list['x-kubernetes-patch-merge-key'];
  return Array.isArray(keys) ? (keys as string[]) : typeof merge === 'string' ? [merge] : [];
};

const isSet = (list: Schema): boolean =>
  list['x-kubernetes-list-type'] === 'set' || list['x-kubernetes-patch-strategy'] === 'merge';

const listArbitrary = (list: Schema): fc.Arbitrary<unknown> => {
  const keys = keysOf(list);
  const items = list['items'] as Schema;
  if (keys.length === 0) {
    return isSet(list)
      ? fc.uniqueArray(letter, { maxLength: 3 })
      : fc.array(valueArbitrary(items), { maxLength: 2 });
  }
  const item = fc
    .tuple(valueArbitrary(items), letter, fc.option(letter, { nil: undefined }))
    .map(([rest, k, p]) => {
      const { p: _, ...others } = rest as Json;
      return { ...others, k, ...(keys.includes('p') && p !== undefined ? { p } : {}) };
    });
  const idOf = (value: Json) => `${String(value['k'])} ${String(value['p'] ?? 'x')}`;
  return fc.uniqueArray(item, { maxLength: 3, selector: (value) => idOf(value as Json) });
};

const valueArbitrary = (of: Schema): fc.Arbitrary<unknown> => {
  if (of['type'] === 'string') return letter;
  if (of['type'] === 'array') return listArbitrary(of);
  const values = of['patternProperties'];
  if (values !== undefined) {
    const inner = valueArbitrary(Object.values(values as Record<string, Schema>)[0] ?? text);
    return fc.dictionary(letter, inner, { maxKeys: 3, noNullPrototype: true });
  }
  const fields = Object.entries(of['properties'] as Record<string, Schema>);
  const arbitraries = Object.fromEntries(fields.map(([name, inner]) => [name, valueArbitrary(inner)]));
  return fc.record(arbitraries, { requiredKeys: [], noNullPrototype: true });
};

const stepsOf = (kind: Schema): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      manager: fc.constantFrom('m1', 'm2', 'm3'),
      apply: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      force: fc.boolean(),
      object: valueArbitrary(kind) as fc.Arbitrary<Json>,
    }),
    { minLength: 2, maxLength: 6 },
  );

export const cases: fc.Arbitrary<Case> = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), schema.field, {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  })
  .chain((properties) => {
    const kind = structOf(properties);
    return fc.record({ schema: fc.constant(kind), steps: stepsOf(kind) });
  });

const upstreamList = (list: Schema): object => {
  const keys = keysOf(list);
  const isAssociative = keys.length > 0 || isSet(list);
  return {
    elementType: toUpstream(list['items'] as Schema),
    elementRelationship: isAssociative ? 'associative' : 'atomic',
    ...(keys.length > 0 ? { keys } : {}),
  };
};

const upstreamFields = (properties: Readonly<Record<string, Schema>>): readonly object[] =>
  Object.entries(properties).map(([name, inner]) => ({
    name,
    type: toUpstream(inner),
    ...(inner['default'] === undefined ? {} : { default: inner['default'] }),
  }));

/** The type in structured-merge-diff's schema language. */
const toUpstream = (of: Schema): object => {
  if (of['type'] === 'string') return { scalar: 'string' };
  if (of['type'] === 'array') return { list: upstreamList(of) };
  const elementRelationship = of['x-kubernetes-map-type'] === 'atomic' ? 'atomic' : 'separable';
  const values = of['patternProperties'];
  if (values === undefined) {
    return {
      map: { fields: upstreamFields(of['properties'] as Record<string, Schema>), elementRelationship },
    };
  }
  const [inner = text] = Object.values(values as Record<string, Schema>);
  return { map: { elementType: toUpstream(inner), elementRelationship } };
};

export const toUpstreamSchema = (kind: Schema): object => ({
  types: [{ name: 'object', ...toUpstream(kind) }],
});

/** The value with its lists that are sets or have keys in one order: upstream's order changed between versions. */
export const inOneOrder = (value: unknown, of: Schema | undefined): unknown => {
  if (Array.isArray(value)) {
    const items = value.map((item) => inOneOrder(item, of?.['items'] as Schema | undefined));
    const isOrdered = of === undefined || (keysOf(of).length === 0 && !isSet(of));
    return isOrdered ? items : items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const named = of?.['properties'] as Record<string, Schema> | undefined;
  const [rest] = Object.values((of?.['patternProperties'] ?? {}) as Record<string, Schema>);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOneOrder(inner, named?.[key] ?? rest)]));
};
