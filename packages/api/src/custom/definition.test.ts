import { describe, expect, it, test } from 'vitest';
import { ApiError } from '../errors.ts';
import {
  asDefinition,
  customResourceDefinitionKind as crdKind,
} from '../kinds/custom-resource-definition.ts';
import type { KubeObject } from '../meta.ts';
import { checkImmutable } from '../validation/immutable.ts';
import { validatorOf } from '../validation/validator.ts';
import { toCustomKinds } from './kinds.ts';
import type { Schema } from './schema.ts';

const validate = validatorOf(crdKind);

const definition = (schema: Schema = { type: 'object' }, version: object = {}, spec: object = {}) => ({
  metadata: { name: 'tabs.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'tabs', kind: 'Tab' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    ...spec,
  },
});

/** `field: message` of every cause; empty when the definition is taken. */
const refusals = (object: object): readonly string[] => {
  try {
    validate(object, 'Strict');
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return (error.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
};

const at = 'spec.versions[0].schema.openAPIV3Schema';
const bySchema = (properties: Readonly<Record<string, Schema>>) =>
  refusals(definition({ type: 'object', properties })).map((text) => text.replace(`${at}.properties`, 'at'));

describe('a schema that is not structural', () => {
  it.each<[string, Schema, string]>([
    ['without a type', {}, 'at[x].type: Required value: must not be empty for specified fields'],
    ['of a type that is none', { type: 'text' }, 'at[x].type: Unsupported value: "text"'],
    [
      'that forbids other properties',
      { type: 'object', additionalProperties: false },
      'additionalProperties cannot be set to false',
    ],
    [
      'with properties and others',
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
      'additionalProperties and properties are mutual exclusive',
    ],
    [
      'with uniqueItems',
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      'uniqueItems cannot be set to true',
    ],
    ['with a list of nothing', { type: 'array' }, 'at[x].items: Required value'],
    [
      'with a pattern that is none',
      { type: 'string', pattern: '(' },
      'at[x].pattern: Invalid value: "(": must be a valid regular expression',
    ],
    [
      'with a pattern that looks ahead',
      { type: 'string', pattern: '(?=a)' },
      'must be a valid regular expression',
    ],
    [
      'with a default of another type',
      { type: 'integer', default: 'x' },
      'at[x].default: Invalid value: "string"',
    ],
    [
      'with a default that it would drop',
      { type: 'object', default: { y: 1 } },
      'must not have unknown fields: y',
    ],
    [
      'with a type in anyOf',
      { type: 'string', anyOf: [{ type: 'string' }] },
      'at[x].anyOf[0].type: Forbidden: must be empty to be structural',
    ],
    [
      'with a field that is only in allOf',
      { type: 'object', allOf: [{ properties: { y: { minimum: 1 } } }] },
      'at[x].properties[y]: Required value: because it is defined in',
    ],
    [
      'with a set of objects',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } },
      'items of a set must be scalars',
    ],
    [
      'with a map whose key may be missing',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n'],
        items: { type: 'object', properties: { n: { type: 'string' } } },
      },
      'must have a default or be a required property',
    ],
  ])('%s is refused', (_name, schema, message) => {
    const told = bySchema({ x: schema });
    expect(told.join('\n')).toContain(message);
  });

  it('in its form is refused', () => {
    const odd = {
      type: 'object',
      properties: { x: { type: 'string', minlength: 1, $ref: '#/x', maxLength: -1 } },
    };
    expect(refusals(definition(odd as Schema)).map((text) => text.replace(`${at}.properties`, 'at'))).toEqual(
      [
        'at[x].minlength: unknown field',
        'at[x].$ref: Forbidden: $ref is not supported',
        'at[x].maxLength: must be a whole number from 0',
      ],
    );
  });

  it.each<[string, Schema]>([
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    ],
    ['anything', { 'x-kubernetes-preserve-unknown-fields': true }],
    [
      'an embedded resource',
      {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    ],
    [
      'narrowed fields',
      {
        type: 'object',
        properties: { a: { type: 'integer' } },
        oneOf: [{ required: ['a'] }, { properties: { a: { minimum: 3 } } }],
      },
    ],
  ])('but %s is fine', (_name, schema) => {
    expect(bySchema({ x: schema })).toEqual([]);
  });
});

test('names, versions, columns and subresources are looked at', () => {
  expect(refusals({ ...definition(), metadata: { name: 'x.example.com' } })).toEqual([
    'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
  ]);
  expect(refusals(definition({ type: 'object' }, { storage: false }))[0]).toContain(
    'exactly one version marked as storage version',
  );
  expect(refusals(definition({ type: 'object' }, { schema: undefined }))[0]).toContain(
    `${at}: Required value: schemas are required`,
  );
  const columns = { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: 'spec.a' }] };
  expect(refusals(definition({ type: 'object' }, columns)).join('\n')).toMatch(
    /columns\[0\]\.type: Unsupported value: "text".*columns\[0\]\.jsonPath: Invalid value: "spec\.a": "spec\.a": must begin with "\."/is,
  );
  const scale = {
    subresources: { scale: { specReplicasPath: '.status.a', statusReplicasPath: '.status.b' } },
  };
  expect(refusals(definition({ type: 'object' }, scale))[0]).toContain('scale.specReplicasPath');
  expect(refusals(definition({ type: 'object' }, {}, { conversion: { strategy: 'Webhook' } }))[0]).toContain(
    'spec.conversion.strategy',
  );
});

test('what is in use keeps its name, scope and kind', () => {
  const before = validate(definition(), 'Strict').object;
  const status = { conditions: [{ type: 'Established', status: 'True' }] };
  const change = (spec: object): readonly string[] => {
    const after = { ...before, spec: { ...(before['spec'] as object), ...spec } } as KubeObject;
    return checkImmutable(crdKind, { ...before, status }, after).map((cause) => cause.field ?? '');
  };
  expect(change({ scope: 'Cluster' })).toEqual(['spec.scope']);
  expect(change({ group: 'other.com' })).toEqual(['spec.group']);
  expect(change({ names: { plural: 'tabs', kind: 'Other' } })).toEqual(['spec.names.kind']);
  expect(change({})).toEqual([]);
});

test('columns show what JSONPath finds, and nothing where it finds nothing', () => {
  const column = (name: string, jsonPath: string, type = 'string') => ({ name, type, jsonPath });
  const columns = [
    column('Spec', '.spec.cron'),
    column('Replicas', '.spec.replicas', 'integer'),
    column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
    column('Hosts', '.spec.hosts[*].name'),
    column('Label', ".metadata.labels['a.b/c']"),
    column('Since', '.status.since', 'date'),
    column('Absent', '.spec.nothing.here'),
  ];
  const object = validate(
    definition({ type: 'object' }, { additionalPrinterColumns: columns }),
    'Strict',
  ).object;
  const [kind] = toCustomKinds(asDefinition(object));
  const tab: KubeObject = {
    apiVersion: 'example.com/v1',
    kind: 'Tab',
    metadata: { name: 'a', labels: { 'a.b/c': 'd' } },
    spec: { cron: '* *', replicas: 3, hosts: [{ name: 'x' }, { name: 'y' }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }], since: '2026-01-01T00:00:00Z' },
  };
  const nowMs = Date.parse('2026-01-01T01:00:00Z');
  expect(kind?.columns.map((c) => c.cell(tab, nowMs))).toEqual([
    'a',
    '* *',
    3,
    'True',
    'x,y',
    'd',
    '60m',
    '',
  ]);
});

test('versions come in the order in which clients prefer them', () => {
  const version = (name: string) => ({
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const names = ['v1alpha1', 'v1', 'v2beta1', 'other', 'v10', 'v2'];
  const { object } = validate(definition({ type: 'object' }, {}, { versions: names.map(version) }), 'Strict');
  expect(toCustomKinds(asDefinition(object)).map((kind) => kind.version)).toEqual([
    'v10',
    'v2',
    'v1',
    'v2beta1',
    'v1alpha1',
    'other',
  ]);
});
