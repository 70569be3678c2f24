import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { validatorOf } from '../validation/validator.ts';
import { anySchema, followerOf } from './custom.arbitrary.ts';
import { fillDefaults } from './defaults.ts';
import { isOfFormat } from './formats.ts';
import { toCustomKinds } from './kinds.ts';
import { pruneBySchema } from './prune.ts';
import { formCauses, type Schema } from './schema.ts';
import { structuralCauses } from './structural.ts';
import { validateValue } from './validate.ts';

const told = (value: unknown, schema: Schema): readonly string[] =>
  validateValue(value, schema, 'spec').map(({ field, message }) => `${field}: ${message}`);

test('values are refused in the words of Kubernetes, with their path', () => {
  expect(told('x', { type: 'integer' })).toEqual([
    'spec: Invalid value: "string": spec in body must be of type integer: "string"',
  ]);
  expect(told({ n: 0 }, { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } })).toEqual([
    'spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1',
  ]);
  expect(told({}, { type: 'object', required: ['name'] })).toEqual(['spec.name: Required value']);
  expect(told('c', { type: 'string', enum: ['a', 'b'] })).toEqual([
    'spec: Unsupported value: "c": supported values: "a", "b"',
  ]);
  expect(told(['a', 'b'], { type: 'array', maxItems: 1, items: { type: 'string' } })).toEqual([
    'spec: Too many: 2: must have at most 1 items',
  ]);
  expect(
    told(
      { a: [{ b: 'x' }] },
      {
        type: 'object',
        additionalProperties: {
          type: 'array',
          items: { type: 'object', properties: { b: { type: 'string', pattern: '^y$' } } },
        },
      },
    ),
  ).toEqual(['spec.a[0].b: Invalid value: "x": spec.a[0].b in body should match \'^y$\'']);
  expect(told(7, { type: 'integer', multipleOf: 2, exclusiveMaximum: true, maximum: 7 })).toEqual([
    'spec: Invalid value: 7: spec in body should be less than 7',
    'spec: Invalid value: 7: spec in body should be a multiple of 2',
  ]);
  expect(told(null, { type: 'string' })[0]).toContain('must be of type string: "null"');
  expect(told(null, { type: 'string', nullable: true })).toEqual([]);
  expect(told(1.5, { 'x-kubernetes-int-or-string': true })[0]).toContain('must be of type integer,string');
  expect(told('a', { type: 'string', oneOf: [{ pattern: 'a' }, { minLength: 1 }] })[0]).toContain(
    'Found 2 valid alternatives',
  );
  expect(told('a', { type: 'string', not: { enum: ['a'] } })[0]).toContain(
    'must not validate the schema (not)',
  );
});

test('items of sets, and keys of maps, are there once', () => {
  const set: Schema = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  expect(told(['a', 'b', 'a'], set)).toEqual(['spec[2]: Duplicate value: "a"']);
  const map: Schema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
    items: {
      type: 'object',
      properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } },
    },
  };
  expect(told([{ port: 1 }, { port: 1, protocol: 'UDP' }, { protocol: 'TCP', port: 1 }], map)).toEqual([
    'spec[2]: Duplicate value: {"port":1,"protocol":"TCP"}',
  ]);
});

test.each([
  ['date-time', '2026-01-02T03:04:05Z', '2026-13-02T03:04:05Z'],
  ['date', '2024-02-29', '2026-02-29'],
  ['duration', '1h30m', '1 day'],
  ['ipv4', '10.0.0.255', '10.0.0.256'],
  ['ipv6', 'fe80::1', 'fe80:::1'],
  ['cidr', '10.0.0.0/8', '10.0.0.0/33'],
  ['uri', 'https://a.example/x', 'not a uri'],
  ['email', 'a@example.com', 'a example.com'],
  ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
  ['byte', 'aGk=', 'a'],
  ['mac', '00:11:22:33:44:55', '00:11:22'],
])('format %s', (format, right, wrong) => {
  expect([isOfFormat(format, right), isOfFormat(format, wrong)]).toEqual([true, false]);
});

test('no pattern takes more than linear time', () => {
  const schema: Schema = { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' };
  expect(told('a'.repeat(100_000), schema)).toHaveLength(1);
});

describe('any schema', () => {
  it('is structural, and allows what follows it, before and after defaulting', () => {
    const cases = anySchema.chain((schema) => fc.tuple(fc.constant(schema), followerOf(schema)));
    fc.assert(
      fc.property(cases, ([schema, value]) => {
        expect(formCauses(schema, 's')).toEqual([]);
        expect(structuralCauses(schema, 's')).toEqual([]);
        const { value: kept, unknown } = pruneBySchema(value as Record<string, unknown>, schema);
        expect(unknown).toEqual([]);
        expect(kept).toEqual(value);
        fillDefaults(kept, schema);
        expect(validateValue(kept, schema, '')).toEqual([]);
        const again = structuredClone(kept);
        fillDefaults(again, schema);
        expect(again).toEqual(kept);
      }),
      { numRuns: 300 },
    );
  });

  it('prunes whatever is sent to what it names, once and for all', () => {
    fc.assert(
      fc.property(anySchema, fc.dictionary(fc.string(), fc.jsonValue()), (schema, value) => {
        const { value: kept } = pruneBySchema(value, schema);
        const again = pruneBySchema(kept, schema);
        expect(again.value).toEqual(kept);
        expect(again.unknown).toEqual([]);
      }),
    );
  });

  it('of any form is refused with a path, or read', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        for (const { field } of formCauses(value, 's')) expect(field).toMatch(/^s/);
      }),
    );
  });
});

test('unknown fields are dropped and told, unless the schema keeps them', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { a: { type: 'string' } } },
      free: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { known: { type: 'object', properties: {} } },
      },
      embedded: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: { spec: { type: 'object' } },
      },
    },
  };
  const { value, unknown } = pruneBySchema(
    {
      apiVersion: 'v1',
      kind: 'X',
      spec: { a: '1', b: 2 },
      free: { any: { thing: [1] }, known: { b: 1 } },
      embedded: { apiVersion: 'v1', kind: 'Y', metadata: { name: 'y' }, spec: { x: 1 }, status: {} },
      other: 1,
    },
    schema,
  );
  expect(unknown).toEqual(['spec.b', 'free.known.b', 'embedded.spec.x', 'embedded.status', 'other']);
  expect(value).toEqual({
    apiVersion: 'v1',
    kind: 'X',
    spec: { a: '1' },
    free: { any: { thing: [1] }, known: {} },
    embedded: { apiVersion: 'v1', kind: 'Y', metadata: { name: 'y' }, spec: {} },
  });
});

test('defaults fill what is absent, bring their own, and replace a null that is not allowed', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'object', default: {}, properties: { b: { type: 'integer', default: 1 } } },
      c: { type: 'string', default: 'x' },
      d: { type: 'string', nullable: true, default: 'y' },
    },
  };
  const value = { c: null, d: null };
  fillDefaults(value, schema);
  expect(value).toEqual({ a: { b: 1 }, c: 'x', d: null });
});

test('what is applied is looked at for its types only, and gets no defaults', () => {
  const [kind] = toCustomKinds({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'tabs.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'tabs', kind: 'Tab' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: {
                spec: { type: 'object', required: ['x'], properties: { x: { type: 'integer', default: 1 } } },
              },
            },
          },
        },
      ],
    },
  });
  if (kind === undefined) throw new Error('no kind');
  const { partial } = validatorOf(kind);
  expect(partial({ metadata: { name: 'a' } }, 'Strict').object).toMatchObject({ metadata: { name: 'a' } });
  expect(partial({ metadata: {}, spec: { x: null } }, 'Strict').object['spec']).toEqual({});
  expect(() => partial({ metadata: {}, spec: { x: 'a' } }, 'Strict')).toThrow('must be of type integer');
  expect(() => partial({ metadata: {}, spec: { y: 1 } }, 'Strict')).toThrow('unknown field "spec.y"');
});
