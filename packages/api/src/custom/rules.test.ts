import { describe, expect, it, test } from 'vitest';
import type { KubeObject } from '../meta.ts';
import { createRules, ruleCauses } from './rules.ts';
import type { Rule, Schema } from './schema.ts';
import { formCauses } from './schema.ts';

const object = (spec: unknown): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Tab',
  metadata: { name: 'a' },
  spec,
});

const withRules = (spec: Schema, ...rules: readonly Rule[]): Schema => ({
  type: 'object',
  properties: { spec: { ...spec, 'x-kubernetes-validations': rules } },
});

const counts: Schema = {
  type: 'object',
  properties: {
    min: { type: 'integer' },
    max: { type: 'integer' },
    size: { 'x-kubernetes-int-or-string': true },
    when: { type: 'string', format: 'date-time' },
    'dash-ed': { type: 'string' },
    namespace: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const asked = (schema: Schema, spec: unknown, before?: unknown): readonly string[] => {
  expect(formCauses(schema, 's')).toEqual([]);
  expect(ruleCauses(schema, 's')).toEqual([]);
  const old = before === undefined ? undefined : object(before);
  return createRules(schema)(object(spec), old).map(
    ({ field, message, reason }) => `${reason} ${field}: ${message}`,
  );
};

describe('a rule', () => {
  const schema = withRules(counts, { rule: 'self.min <= self.max', message: 'min must not be above max' });

  it('lets through what holds, and refuses what does not in its words', () => {
    expect(asked(schema, { min: 1, max: 2 })).toEqual([]);
    expect(asked(schema, { min: 3, max: 2 })).toEqual([
      'FieldValueInvalid spec: Invalid value: "object": min must not be above max',
    ]);
  });

  it('that cannot be answered is a refusal that says so', () => {
    expect(asked(schema, { min: 3 })[0]).toContain(
      'rule failed to evaluate: self.min <= self.max: field not found: max',
    );
  });

  it('is not asked again about what has not changed', () => {
    expect(asked(schema, { min: 3, max: 2 }, { min: 3, max: 2 })).toEqual([]);
    expect(asked(schema, { min: 4, max: 2 }, { min: 3, max: 2 })).toHaveLength(1);
  });

  it('makes its own message, and names its reason and its field', () => {
    const made = withRules(counts, {
      rule: 'self.max < 10',
      messageExpression: '"max is " + string(self.max)',
      reason: 'FieldValueForbidden',
      fieldPath: '.max',
    });
    expect(asked(made, { max: 12 })).toEqual(['FieldValueForbidden spec.max: Forbidden: max is 12']);
  });

  it('knows fields by escaped names, times, and values of either type', () => {
    const odd = withRules(counts, {
      rule: 'self.dash__dash__ed == "x" && self.__namespace__ == "n" && self.when > timestamp("2025-01-01T00:00:00Z") && self.size == "5%" && self.labels["a/b"] == "c"',
    });
    const spec = {
      'dash-ed': 'x',
      namespace: 'n',
      when: '2026-01-01T00:00:00Z',
      size: '5%',
      labels: { 'a/b': 'c' },
    };
    expect(asked(odd, spec)).toEqual([]);
  });

  it('at the root knows the name of the object', () => {
    const root: Schema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'self.metadata.name == "b"' }],
    };
    expect(asked(root, {})).toEqual([
      'FieldValueInvalid : Invalid value: "object": failed rule: self.metadata.name == "b"',
    ]);
  });
});

describe('a rule about what was', () => {
  it('is asked of changes only', () => {
    const schema = withRules(counts, { rule: 'self.max >= oldSelf.max', message: 'max only grows' });
    expect(asked(schema, { max: 1 })).toEqual([]);
    expect(asked(schema, { max: 2 }, { max: 1 })).toEqual([]);
    expect(asked(schema, { max: 1 }, { max: 2 })).toEqual([expect.stringContaining('max only grows')]);
  });

  it('finds items of a list by their keys', () => {
    const items: Schema = {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, n: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.n == oldSelf.n', message: 'n stays' }],
    };
    const schema: Schema = {
      type: 'object',
      properties: {
        spec: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items,
        },
      },
    };
    const before = [
      { name: 'a', n: 1 },
      { name: 'b', n: 2 },
    ];
    expect(
      asked(
        schema,
        [
          { name: 'b', n: 2 },
          { name: 'c', n: 9 },
        ],
        before,
      ),
    ).toEqual([]);
    expect(
      asked(
        schema,
        [
          { name: 'c', n: 9 },
          { name: 'a', n: 7 },
        ],
        before,
      ),
    ).toEqual(['FieldValueInvalid spec[1]: Invalid value: "object": n stays']);
    const atomic: Schema = { type: 'object', properties: { spec: { type: 'array', items } } };
    expect(ruleCauses(atomic, 's')[0]?.message).toContain(
      'oldSelf cannot be used on the uncorrelatable portion',
    );
  });
});

test.each<[Partial<Rule>, string]>([
  [
    { rule: 'self.nothing > 1' },
    'rule: Invalid value: "self.nothing > 1": compilation failed: undefined field \'nothing\'',
  ],
  [{ rule: 'self.min' }, 'must evaluate to a bool, not to int'],
  [
    { rule: 'true', messageExpression: 'self.min' },
    'messageExpression: Invalid value: "self.min": compilation failed: must evaluate to a string',
  ],
  [{ rule: 'true', reason: 'Because' }, 'reason: Unsupported value: "Because"'],
  [
    { rule: 'true', fieldPath: '.nothing' },
    'fieldPath: Invalid value: ".nothing": must name a field of the schema',
  ],
  [{ rule: 'true', optionalOldSelf: true }, 'optionalOldSelf: Forbidden: optional values are not supported'],
  [{ rule: 'true', message: 'a\nb' }, 'must be one line'],
  [{}, 'is empty'],
])('the rule %j is refused with its definition', (rule, message) => {
  const [cause] = ruleCauses(withRules(counts, rule as Rule), 's');
  expect(`${cause?.field}: ${cause?.message}`).toContain(message);
});

test('no rule keeps the server busy: the object is refused', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'array',
        items: { type: 'integer' },
        'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, self.all(z, x + y + z >= 0)))' }],
      },
    },
  };
  const spec = Array.from({ length: 1_000 }, (_, i) => i);
  expect(asked(schema, spec)).toEqual([expect.stringContaining('needs more steps than a request has')]);
});
