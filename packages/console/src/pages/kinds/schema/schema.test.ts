// Reading schemas: references that lead in circles, what a new object begins with, how types are called.
import { expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../api/openapi.ts';
import { type Schemas, schemasOfKind, shapeOf, skeletonOf, typeName } from './schema.ts';

const gvk = { group: 'g', version: 'v1', kind: 'Thing' };
const document: OpenApiDocument = {
  components: {
    schemas: {
      Thing: {
        type: 'object',
        required: ['spec', 'rules'],
        properties: {
          apiVersion: { type: 'string' },
          metadata: { type: 'object', properties: {} },
          spec: { description: 'here', allOf: [{ $ref: '#/components/schemas/Node' }] },
          rules: { type: 'array', items: { type: 'string' } },
          status: { type: 'object', properties: { n: { type: 'integer' } } },
        },
        'x-kubernetes-group-version-kind': [gvk],
      },
      Node: {
        type: 'object',
        description: 'there',
        required: ['name', 'size', 'mode', 'next'],
        properties: {
          name: { type: 'string' },
          size: { type: 'integer', minimum: 2 },
          mode: { type: 'string', default: 'slow' },
          next: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
          port: { 'x-kubernetes-int-or-string': true },
          words: { type: 'object', additionalProperties: { type: 'string' } },
        },
      },
    },
  },
};
const schemas = schemasOfKind(document, gvk) as Schemas; // it is there

test('references are followed, in circles too, and what is said beside one wins', () => {
  expect(schemas.at(['spec'])?.description).toBe('here');
  expect(schemas.at(['spec', 'next', 0, 'next', 3, 'size'])?.minimum).toBe(2);
  expect(schemas.at(['spec', 'absent'])).toBeUndefined();
  expect(schemas.at(['spec', 'next', 0])?.properties).toBe(schemas.at(['spec'])?.properties);
});

test('a new object has what is required and has no default, and where it is', () => {
  expect(skeletonOf({ ...gvk, namespaced: true }, schemas, 'web')).toEqual({
    apiVersion: 'g/v1',
    kind: 'Thing',
    metadata: { name: '', namespace: 'web' },
    spec: { name: '', size: 2, next: [] },
    rules: [],
  });
  expect(skeletonOf({ ...gvk, group: '', namespaced: false }, undefined, 'web')).toEqual({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: '' },
  });
});

test('types are called as people write them', () => {
  const nameAt = (...path: string[]): string => typeName(schemas, schemas.at(path) ?? {});
  expect(nameAt('spec', 'next')).toBe('[]object');
  expect(nameAt('spec', 'words')).toBe('map[string]string');
  expect(nameAt('spec', 'port')).toBe('integer or string');
  expect(shapeOf({ oneOf: [{ type: 'string' }] })).toBe('any');
});

test('a kind that the document does not have has no schema', () => {
  expect(schemasOfKind(document, { ...gvk, kind: 'Other' })).toBeUndefined();
});
