import { expect, test } from 'vitest';
import {
  type Manager,
  managerId,
  managerProblem,
  parseManagedFields,
  toManagedFields,
  toManagers,
} from './managers.ts';

const manager = (name: string, more: Partial<Manager> = {}): Manager => ({
  manager: name,
  operation: 'Update',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  fields: { 'f:spec': {} },
  ...more,
});
const managersOf = (...all: readonly Manager[]) => new Map(all.map((one) => [managerId(one), one]));

test('managers are told apart by what they do and where, and come back as they were stored', () => {
  const all = managersOf(
    manager('m'),
    manager('m', { operation: 'Apply' }),
    manager('m', { subresource: 'status' }),
  );
  const stored = toManagedFields(all, 'v1');
  expect(stored).toHaveLength(3);
  expect(stored?.[0]).toEqual({
    manager: 'm',
    operation: 'Apply',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': {} },
  });
  expect(new Set(toManagers(stored, (version) => version === 'v1').keys())).toEqual(new Set(all.keys()));
  expect(toManagers(stored, (version) => version === 'v2').size).toBe(0);
});

test('who manages nothing has no entry', () => {
  expect(toManagedFields(managersOf(manager('m', { fields: undefined })), 'v1')).toBeUndefined();
});

test('of many that updated, the oldest are gathered; appliers stay', () => {
  const many = Array.from({ length: 30 }, (_, i) =>
    manager(`m${i}`, { time: `2026-01-01T00:00:${10 + i}Z`, fields: { [`f:f${i}`]: {} } }),
  );
  const stored = toManagedFields(managersOf(...many, manager('a', { operation: 'Apply' })), 'v1') ?? [];
  expect(stored).toHaveLength(11);
  const gathered = stored.find((entry) => entry['manager'] === 'ancient-changes');
  expect(Object.keys(gathered?.['fieldsV1'] as object)).toHaveLength(21);
  expect(stored.at(-1)).toMatchObject({ manager: 'm29' });
});

test('what is sent means: leave it, forget it, or this is so', () => {
  expect(parseManagedFields(undefined)).toBeUndefined();
  expect(parseManagedFields([])).toBeUndefined();
  expect(parseManagedFields([{}])).toBe('reset');
  expect(() => parseManagedFields({})).toThrow('metadata.managedFields: must be a list');
  expect(() => parseManagedFields([1])).toThrow('metadata.managedFields[0]: must be an object');
  const entry = { manager: 'm', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} };
  expect(parseManagedFields([{ ...entry, time: null }])).toEqual([entry]);
});

const good = { manager: 'm', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} };
test.each([
  ['operation', { ...good, operation: 'Delete' }],
  ['fieldsType', { ...good, fieldsType: 'FieldsV2' }],
  ['fieldsV1', { ...good, fieldsV1: [] }],
  ['apiVersion', { ...good, apiVersion: '' }],
  ['manager', { ...good, manager: 'x'.repeat(129) }],
  ['subresource', { ...good, subresource: 1 }],
  ['time', { ...good, time: 'yesterday' }],
  ['more', { ...good, more: 1 }],
])('an entry whose %s is wrong is refused by its path', (field, entry) => {
  expect(() => parseManagedFields([entry])).toThrow(`metadata.managedFields[0].${field}`);
});

test('names of managers are short and printable', () => {
  expect(managerProblem('kubectl-edit')).toBeUndefined();
  expect(managerProblem('a\u0000b')).toContain('printable');
});
