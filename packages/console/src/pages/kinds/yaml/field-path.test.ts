import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFieldPath, toFieldPath } from './field-path.ts';

test('what the API calls a field is found again', () => {
  const key = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9./_-]{0,12}$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(key, fc.nat(99)), { maxLength: 6 }), (path) => {
      expect(parseFieldPath(toFieldPath(path))).toEqual(path);
    }),
  );
});

test('its spellings are read', () => {
  expect(parseFieldPath('spec.parts[2].name')).toEqual(['spec', 'parts', 2, 'name']);
  expect(parseFieldPath('metadata.labels[app.example.com/tier]')).toEqual([
    'metadata',
    'labels',
    'app.example.com/tier',
  ]);
  expect(parseFieldPath('spec.map["a b"]')).toEqual(['spec', 'map', 'a b']);
  expect(parseFieldPath('')).toEqual([]);
  expect(parseFieldPath('<nil>')).toEqual([]);
});
