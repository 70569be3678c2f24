import { expect, test } from 'vitest';
import { mayUseReserve, outOfReserve } from './admit.ts';

const write = {
  resource: 'configmaps',
  namespace: 'default',
  name: 'x',
  uid: 'u',
  expect: undefined,
  dataKey: null,
};

test('on a full disk what makes room is taken, and what takes room is not', () => {
  const may = (type: string, json: string) => mayUseReserve('objects.write', [{ ...write, type, json }]);
  expect(may('deleted', '{}')).toBe(true);
  expect(may('updated', '{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}')).toBe(true);
  expect(may('created', '{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}')).toBe(false);
  expect(may('updated', '{}')).toBe(false);
  expect(mayUseReserve('tasks.remove', 'w')).toBe(true);
  expect(mayUseReserve('tasks.report', {})).toBe(false);
});

test('how long things are kept may be changed: that makes room', () => {
  const policy = { ...write, resource: 'retentionpolicies.drover.dev', type: 'updated', json: '{}' };
  expect(mayUseReserve('objects.write', [policy])).toBe(true);
  expect(mayUseReserve('objects.write', [policy, { ...write, type: 'created', json: '{}' }])).toBe(false);
});

test('people can sign in, but make no tokens; who was refused is known, what the disk refused is not', () => {
  expect(mayUseReserve('credentials.add', { kind: 'session' })).toBe(true);
  expect(mayUseReserve('credentials.add', { kind: 'token' })).toBe(false);
  expect(mayUseReserve('audit.append', { code: 403 })).toBe(true);
  expect(mayUseReserve('audit.append', { code: 507 })).toBe(false);
});

test('what tells of the disk itself may be written', async () => {
  expect(await outOfReserve(async () => mayUseReserve('meta.set', {}))).toBe(true);
  expect(await outOfReserve(async () => mayUseReserve('tasks.report', {}))).toBe(true);
});
