// What the editor offers while somebody types: the text is hardly ever YAML then.
import { describe, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../api/openapi.ts';
import { schemasOfKind } from '../schema/schema.ts';
import { completionsAt } from './completion.ts';
import { cursorAt } from './cursor.ts';

const gvk = { group: 'g', version: 'v1', kind: 'Thing' };
const document: OpenApiDocument = {
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { kind: { type: 'string' }, spec: { allOf: [{ $ref: '#/components/schemas/Spec' }] } },
        'x-kubernetes-group-version-kind': [gvk],
      },
      Spec: {
        type: 'object',
        required: ['size'],
        properties: {
          size: { type: 'integer', default: 3 },
          mode: { type: 'string', enum: ['slow', 'fast'] },
          on: { type: 'boolean' },
          parts: { type: 'array', items: { $ref: '#/components/schemas/Part' } },
          byName: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Part' } },
        },
      },
      Part: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          tags: { type: 'array', items: { type: 'string', enum: ['red', 'blue'] } },
          inner: { allOf: [{ $ref: '#/components/schemas/Spec' }] },
        },
      },
    },
  },
};

/** `|` in the text is the cursor. */
const offered = (text: string): readonly string[] => {
  const schemas = schemasOfKind(document, gvk);
  if (schemas === undefined) throw new Error('no schema');
  const { options } = completionsAt(schemas, text.replace('|', ''), text.indexOf('|'));
  return options.map(({ label }) => label);
};

describe('fields are offered', () => {
  test.each([
    ['of the object', '|', ['kind', 'spec']],
    [
      'of a nested one, without those that are there',
      'spec:\n  size: 1\n  |\n  on: true\n',
      ['mode', 'parts', 'byName'],
    ],
    ['while half of one is typed', 'spec:\n  mo|\n', ['size', 'mode', 'on', 'parts', 'byName']],
    ['of the items of a list', 'spec:\n  parts:\n    - name: a\n      |\n', ['tags', 'inner']],
    ['behind a dash', 'spec:\n  parts:\n    - name: a\n    - |\n', ['name', 'tags', 'inner']],
    ['of a list that is not indented', 'spec:\n  parts:\n  - name: a\n    |\n', ['tags', 'inner']],
    ['of the values of a map', 'spec:\n  byName:\n    some.key/x:\n      |', ['name', 'tags', 'inner']],
    [
      'of a schema that contains itself',
      'spec:\n  parts:\n    - inner:\n        parts:\n          - |',
      ['name', 'tags', 'inner'],
    ],
    ['beside comments and empty lines', 'spec:\n  # size:\n\n  |', ['size', 'mode', 'on', 'parts', 'byName']],
  ])('%s', (_what, text, expected) => expect(offered(text)).toEqual(expected));
});

describe('values are offered', () => {
  test.each([
    ['of an enum', 'spec:\n  mode: |', ['slow', 'fast']],
    ['yes and no', 'spec:\n  on: t|', ['true', 'false']],
    ['a default', 'spec:\n  size: |', ['3']],
    ['of an enum in a list', 'spec:\n  parts:\n    - tags:\n        - |', ['red', 'blue']],
    ['none where the schema knows nothing', 'other: |', []],
  ])('%s', (_what, text, expected) => expect(offered(text)).toEqual(expected));
});

test('what has been typed of a word is what an option replaces', () => {
  expect(cursorAt('spec:\n  mode: fa', 15)).toMatchObject({ path: ['spec'], key: 'mode', word: 'f' });
  expect(cursorAt('spec:\n  mod', 11)).toMatchObject({
    path: ['spec'],
    key: undefined,
    word: 'mod',
    column: 2,
  });
});
