import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeKind } from '../kinds/node.ts';
import { compareObjects } from './compare.ts';
import { conflictError } from './conflict.ts';
import { checkItems, toFields } from './extract.ts';
import { toPaths } from './field-set.ts';
import { applyFields } from './last-applied.ts';
import type { ManagerName, Managers } from './managers.ts';
import { mergeApplied } from './merge.ts';
import { ownApply, ownUpdate } from './own.ts';
import { schemaOf } from './shape.ts';

const schema = schemaOf(nodeKind);
const time = '2026-01-01T00:00:00Z';
const applier = (manager: string): ManagerName => ({ manager, operation: 'Apply', subresource: '' });
const updater = (manager: string): ManagerName => ({ manager, operation: 'Update', subresource: '' });
type Json = Record<string, unknown>;

const node = (rest: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'web1', ...metadata },
  ...rest,
});

const apply = (live: Json, managers: Managers, by: string, applied: Json, force = false) =>
  ownApply({ live, applied, schema, managers, by: applier(by), time, force });

const applied = (...input: Parameters<typeof apply>) => {
  const result = apply(...input);
  if (result.kind === 'conflicts')
    throw conflictError(result.conflicts, 'v1', { name: '', group: '', kind: '' });
  return { object: result.object as Json, managers: result.managers };
};

const owned = (managers: Managers): Record<string, readonly string[]> =>
  Object.fromEntries([...managers.values()].map((m) => [`${m.manager} ${m.operation}`, toPaths(m.fields)]));

const taint = (key: string) => ({ key, effect: 'NoSchedule' });
const address = (type: string, value: string) => ({ type, address: value });

describe('the fields of an object', () => {
  test('are leaves, items and keys of maps; atomic lists are one, and what the server decides is none', () => {
    const object = node(
      {
        spec: { podCIDRs: ['10.0.0.0/24'], taints: [taint('a')] },
        status: { addresses: [address('InternalIP', '1')] },
      },
      { labels: { a: '1' }, uid: 'u', resourceVersion: '4', finalizers: ['x/y'] },
    );
    const { managers } = applied({ metadata: {} }, new Map(), 'm', object);
    expect(owned(managers)['m Apply']).toEqual([
      '.metadata.finalizers[="x/y"]',
      '.metadata.labels.a',
      '.spec.taints',
      '.spec.podCIDRs[="10.0.0.0/24"]',
      '.status.addresses[type="InternalIP"]',
      '.status.addresses[type="InternalIP"].address',
      '.status.addresses[type="InternalIP"].type',
    ]);
  });

  test('cannot be told where items lack their key or are there twice', () => {
    const twice = { addresses: [address('InternalIP', '1'), address('InternalIP', '2')] };
    expect(() => checkItems(node({ status: twice }), schema)).toThrow('status.addresses[1]: is there twice');
    const lacking = { addresses: [{ address: '1' }] };
    expect(() => checkItems(node({ status: lacking }), schema)).toThrow('lacks its key (type)');
  });
});

describe('apply', () => {
  const first = node({ spec: { unschedulable: true } }, { labels: { a: '1', b: '2' } });
  const one = applied({ metadata: {} }, new Map(), 'one', first);

  test('of the same value shares the field; of another value conflicts, field by field', () => {
    const shared = applied(one.object, one.managers, 'two', node({}, { labels: { a: '1', c: '3' } }));
    expect(owned(shared.managers)['two Apply']).toEqual(['.metadata.labels.a', '.metadata.labels.c']);
    expect(owned(shared.managers)['one Apply']).toContain('.metadata.labels.a');
    const wanted = node({ spec: { unschedulable: false } }, { labels: { a: '9' } });
    const result = apply(shared.object, shared.managers, 'three', wanted);
    if (result.kind !== 'conflicts') throw new Error('no conflict');
    const error = conflictError(result.conflicts, 'v1', { name: 'web1', group: '', kind: 'nodes' });
    expect(error).toMatchObject({ reason: 'Conflict', code: 409 });
    expect(error.message).toBe(
      'Apply failed with 3 conflicts: conflicts with "one":\n- .metadata.labels.a\n- .spec.unschedulable\nconflicts with "two":\n- .metadata.labels.a',
    );
    expect(error.details?.causes?.[0]).toEqual({
      reason: 'FieldManagerConflict',
      message: 'conflict with "one"',
      field: '.metadata.labels.a',
    });
  });

  test('of thousands of fields that conflict tells of 500', () => {
    const many = (value: string) =>
      node({}, { labels: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`l${i}`, value])) });
    const all = applied({ metadata: {} }, new Map(), 'one', many('1'));
    const result = apply(all.object, all.managers, 'two', many('2'));
    if (result.kind !== 'conflicts') throw new Error('no conflict');
    const error = conflictError(result.conflicts, 'v1', { name: '', group: '', kind: '' });
    expect(error.details?.causes).toHaveLength(500);
    expect(error.message.split('\n')).toHaveLength(501);
  });

  test('with force takes the field over', () => {
    const taken = applied(one.object, one.managers, 'two', node({}, { labels: { a: '9' } }), true);
    expect(taken.object).toMatchObject({ metadata: { labels: { a: '9', b: '2' } } });
    expect(owned(taken.managers)['two Apply']).toEqual(['.metadata.labels.a']);
    expect(owned(taken.managers)['one Apply']).not.toContain('.metadata.labels.a');
  });

  test('takes away what it no longer says and nobody else manages', () => {
    const shared = applied(one.object, one.managers, 'two', node({}, { labels: { a: '1' } }));
    const less = applied(shared.object, shared.managers, 'one', node({}, { labels: { c: '3' } }));
    expect(less.object).toMatchObject({ metadata: { labels: { a: '1', c: '3' } } });
    expect(less.object['metadata']).not.toHaveProperty('labels.b');
    expect(owned(less.managers)).toEqual({
      'one Apply': ['.metadata.labels.c'],
      'two Apply': ['.metadata.labels.a'],
    });
  });

  test('of nothing at all gives everything up', () => {
    const none = applied(one.object, one.managers, 'one', node());
    expect(none.managers.size).toBe(0);
    expect(none.object).toEqual(node());
  });

  test('twice changes nothing', () => {
    const again = applied(one.object, one.managers, 'one', first);
    expect(again.object).toEqual(one.object);
    expect(owned(again.managers)).toEqual(owned(one.managers));
  });
});

describe('an update', () => {
  test('takes what it changes from whoever had it, and what it removes has no owner', () => {
    const one = applied({ metadata: {} }, new Map(), 'one', node({}, { labels: { a: '1', b: '2' } }));
    const after = node({}, { labels: { a: '9', c: '3' } });
    const managers = ownUpdate({
      before: one.object,
      after,
      schema,
      managers: one.managers,
      by: updater('two'),
      time,
    });
    expect(owned(managers)).toEqual({ 'two Update': ['.metadata.labels.a', '.metadata.labels.c'] });
  });

  test('that only gives other values keeps the time when asked to, else tells the new one', () => {
    const before = node({ spec: { providerID: '1' } });
    const by = updater('loop');
    const input = { schema, by, time };
    const managers = ownUpdate({ ...input, before: { metadata: {} }, after: before, managers: new Map() });
    const change = { ...input, before, after: node({ spec: { providerID: '2' } }), managers, time: 'later' };
    const times = (of: Managers) => [...of.values()].map((m) => m.time);
    expect(times(ownUpdate({ ...change, keepTime: true }))).toEqual([time]);
    expect(times(ownUpdate(change))).toEqual(['later']);
    expect(ownUpdate({ ...change, after: before })).toBe(managers);
  });
});

describe('merging', () => {
  const list = (...keys: readonly string[]) => ({
    status: { addresses: keys.map((key) => address(key, '1')) },
  });
  const merge = (present: readonly string[], wanted: readonly string[]): readonly string[] => {
    const merged = mergeApplied(list(...present), list(...wanted), schema) as ReturnType<typeof list>;
    return merged.status.addresses.map(({ type }) => type);
  };

  // Upstream's own cases, of the version that Kubernetes 1.35 uses.
  test.each([
    ['abc', 'cba', 'cba'],
    ['abcde', 'ec', 'abdec'],
    ['abc', 'd', 'abcd'],
    ['bc', 'ab', 'abc'],
    ['abc', 'ac', 'abc'],
    ['', 'ab', 'ab'],
    ['ab', '', 'ab'],
    ['abcd', 'dxa', 'bcdxa'],
  ])('%s with %s gives %s: as applied, and the others where they were', (present, wanted, expected) => {
    expect(merge([...present], [...wanted]).join('')).toBe(expected);
  });

  test('has every item once, in the order applied', () => {
    const letter: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const letters = fc.uniqueArray(letter, { maxLength: 6 });
    fc.assert(
      fc.property(letters, letters, (present, wanted) => {
        const result = merge(present, wanted);
        expect([...result].sort()).toEqual([...new Set([...present, ...wanted])].sort());
        expect(result.filter((key) => wanted.includes(key))).toEqual(wanted);
        const others = present.filter((key) => !wanted.includes(key));
        expect(result.filter((key) => !wanted.includes(key))).toEqual(others);
      }),
    );
  });

  test('an object with itself changes nothing, and a comparison with itself finds nothing', () => {
    const object = node(list('a', 'b'), { labels: { a: '1' }, finalizers: ['x/y'] });
    expect(mergeApplied(object, structuredClone(object), schema)).toEqual(object);
    expect(compareObjects(object, structuredClone(object), schema)).toEqual({});
    expect(toPaths(toFields(object, schema))).toContain('.status.addresses[type="a"]');
  });
});

describe('what kubectl applied on the client before', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const config = node({ spec: { providerID: '1' } }, { labels: { a: '1' } });
  const live = node(
    { spec: { providerID: '1' } },
    { labels: { a: '1' }, annotations: { [annotation]: JSON.stringify(config) } },
  );
  const managers = ownUpdate({
    before: { metadata: {} },
    after: live,
    schema,
    managers: new Map(),
    by: updater('kubectl-client-side-apply'),
    time,
  });
  const wanted = node({ spec: { providerID: '2' } }, { labels: { a: '1' } });
  const input = { live, applied: wanted, schema, managers, time, force: false };

  test('is taken over by kubectl without force, and the annotation follows', () => {
    const result = applyFields({ ...input, by: applier('kubectl') });
    if (result.kind === 'conflicts') throw new Error('conflicts');
    expect(result.object).toMatchObject({
      spec: { providerID: '2' },
      metadata: { annotations: { [annotation]: `${JSON.stringify(wanted)}\n` } },
    });
  });

  test('is not taken over by others, nor what changed since', () => {
    expect(applyFields({ ...input, by: applier('other') })).toMatchObject({ kind: 'conflicts' });
    const drifted = { ...live, spec: { providerID: '7' } };
    const result = applyFields({ ...input, live: drifted, by: applier('kubectl') });
    expect(result).toMatchObject({
      kind: 'conflicts',
      conflicts: [{ manager: 'kubectl-client-side-apply' }],
    });
  });
});
