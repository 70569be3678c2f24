import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import { Node } from '../kinds/node-schema.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicPatch } from './strategic-patch.ts';

// The examples of RFC 7386, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch of %j with %j is %j', (target, patch, expected) => {
  expect(applyMergePatch(target, patch)).toEqual(expected);
});

test.each([
  ['a missing path', [{ op: 'remove', path: '/x' }], 'Invalid'],
  ['a failed test', [{ op: 'test', path: '/a', value: 2 }], 'Invalid'],
  ['an unknown op', [{ op: 'merge', path: '/a' }], 'BadRequest'],
  ['no value', [{ op: 'add', path: '/a' }], 'BadRequest'],
  ['a bad pointer', [{ op: 'remove', path: 'a' }], 'BadRequest'],
  ['no list', { op: 'remove' }, 'BadRequest'],
  ['a way to the prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }], 'BadRequest'],
  ['a move from the prototype', [{ op: 'move', path: '/b', from: '/constructor' }], 'BadRequest'],
  ['an index out of bounds', [{ op: 'add', path: '/list/9', value: 1 }], 'Invalid'],
])('a JSON patch with %s is refused and changes nothing', (_what, patch, reason) => {
  const target = { a: 1, list: [] };
  const copy = structuredClone(target);
  let error: unknown;
  try {
    applyJsonPatch(target, patch);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).reason).toBe(reason);
  expect(target).toEqual(copy);
});

test('a JSON patch applies its operations in order', () => {
  const ops = [
    { op: 'test', path: '/a', value: 1 },
    { op: 'copy', path: '/b', from: '/a' },
    { op: 'replace', path: '/a', value: 2 },
    { op: 'add', path: '/list/-', value: 3 },
    { op: 'move', path: '/c~1d', from: '/list' },
  ];
  expect(applyJsonPatch({ a: 1, list: [] }, ops)).toEqual({ a: 2, b: 1, 'c/d': [3] });
});

test('copies that would multiply without end are refused', () => {
  const ops = Array.from({ length: 40 }, () => ({ op: 'copy', path: '/a/-', from: '/a' }));
  expect(() => applyJsonPatch({ a: ['x'.repeat(1000)] }, ops)).toThrow(ApiError);
});

test('a strategic merge patch of a Node merges conditions by type', () => {
  const node = {
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'x' },
        { type: 'Disk', status: 'True' },
      ],
    },
  };
  const patch = {
    status: {
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'Disk', $patch: 'delete' },
      ],
    },
  };
  expect(applyStrategicPatch(node, patch, Node)).toEqual({
    status: { conditions: [{ type: 'Ready', status: 'False', reason: 'x' }] },
  });
});

test('of a new item of a list, and of one that replaces others, only fields are kept', () => {
  const node = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  const item = { type: 'Disk', status: 'True', message: null, $retainKeys: ['type'] };
  const kept = { type: 'Disk', status: 'True' };
  const added = { status: { conditions: [item] } };
  expect(applyStrategicPatch(node, added, Node)).toEqual({
    status: { conditions: [kept, ...node.status.conditions] },
  });
  const replaced = { status: { conditions: [{ $patch: 'replace' }, item] } };
  expect(applyStrategicPatch(node, replaced, Node)).toEqual({ status: { conditions: [kept] } });
});

test('what is not known to the schema is merged as JSON', () => {
  expect(applyStrategicPatch({ x: { y: [1], z: 1 } }, { x: { y: [2] } }, Node)).toEqual({
    x: { y: [2], z: 1 },
  });
});

test('any patch of any kind gives a result or an ApiError, and touches neither argument nor a prototype', () => {
  const key = fc.constantFrom(
    'spec',
    'status',
    'taints',
    'conditions',
    'type',
    '$patch',
    '$retainKeys',
    '__proto__',
    '$setElementOrder/conditions',
    '$deleteFromPrimitiveList/conditions',
    'constructor',
  );
  const { value: patch } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      fc.constantFrom(null, 1, 'delete', 'replace', true),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map(
          (entries) =>
            JSON.parse(
              `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`,
            ) as unknown,
        ),
    ),
  }));
  const apply = [
    (a: object, b: unknown) => applyMergePatch(a, b),
    (a: object, b: unknown) => applyStrategicPatch(a, b, Node),
    (a: object, b: unknown) => applyJsonPatch(a, [{ op: 'add', path: '/status', value: b }, b]),
  ];
  const property = fc.property(patch, patch, fc.constantFrom(...apply), (target, change, run) => {
    const object = { status: target };
    const before = JSON.stringify([object, change]);
    try {
      run(object, change);
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
    }
    expect(JSON.stringify([object, change])).toBe(before);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
  fc.assert(property, { numRuns: 3000 });
});
