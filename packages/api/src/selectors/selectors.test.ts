import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import { allKinds } from '../kinds/index.ts';
import type { KubeObject } from '../meta.ts';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector, toLabelMatcher } from './label-selector.ts';

test.each([
  ['', {}, true],
  ['a', { a: '' }, true],
  ['a', {}, false],
  ['!a', {}, true],
  ['! a', { a: '1' }, false],
  ['a=b', { a: 'b' }, true],
  ['a==b', { a: 'c' }, false],
  ['a = b , c', { a: 'b', c: '' }, true],
  ['a!=b', {}, true],
  ['a!=b', { a: 'b' }, false],
  ['a=', { a: '' }, true],
  ['a in (b, c)', { a: 'c' }, true],
  ['a in (b,)', { a: '' }, true],
  ['a notin (b,c)', {}, true],
  ['a notin (b,c)', { a: 'b' }, false],
  ['in in (in)', { in: 'in' }, true],
  ['x.io/a>1', { 'x.io/a': '10' }, true],
  ['x.io/a < 1', { 'x.io/a': 'z' }, false],
  ['toString', {}, false],
])('label selector %j on %j is %s', (text, labels, expected) => {
  expect(parseLabelSelector(text)(labels)).toBe(expected);
});

test.each([
  '=',
  'a=b=c',
  'a in',
  'a in b',
  'a in (b',
  ',',
  'a,',
  'a b',
  '!',
  'a>x',
  '-a',
  'a=b c',
  'a in ()x',
  '(',
  'é',
])('label selector %j is refused', (text) => {
  expect(() => parseLabelSelector(text)).toThrow(ApiError);
});

test('a LabelSelector object and its text select the same', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const expression = fc.oneof(
    fc.record({
      key: word,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.array(word, { minLength: 1 }),
    }),
    fc.record({ key: word, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );
  const words = { In: 'in', NotIn: 'notin' } as const;
  const property = fc.property(fc.array(expression), fc.dictionary(word, word), (found, labels) => {
    const matchExpressions = found as Parameters<typeof toLabelMatcher>[0]['matchExpressions'] & object;
    const text = matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key;
      return operator === 'DoesNotExist' ? `!${key}` : `${key} ${words[operator]} (${values.join(',')})`;
    });
    expect(parseLabelSelector(text.join(','))(labels)).toBe(toLabelMatcher({ matchExpressions })(labels));
  });
  fc.assert(property);
});

test('any text is a selector or a clean refusal', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[ab=!<>(), in]*$/));
  const property = fc.property(text, (selector) => {
    try {
      parseLabelSelector(selector)({ a: 'b' });
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

const event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'd' },
  involvedObject: { kind: 'Node', name: 'a,b' },
  reason: 'Lost',
  type: 'Warning',
} satisfies KubeObject;

test.each([
  ['', true],
  ['metadata.name=e,metadata.namespace=d', true],
  ['involvedObject.kind=Node,involvedObject.name=a\\,b', true],
  ['type!=Warning', false],
  ['reason==Lost', true],
  ['involvedObject.uid=', true],
])('field selector %j on an event is %s', (text, expected) => {
  const kind = allKinds.find((k) => k.kind === 'Event');
  expect(kind && parseFieldSelector(text, kind)(event)).toBe(expected);
});

test('a field that cannot be selected is refused with those that can', () => {
  const kind = allKinds.find((k) => k.kind === 'Node');
  expect(() => kind && parseFieldSelector('spec.foo=1', kind)).toThrow(
    'cannot select nodes by "spec.foo": supported fields are metadata.name, spec.unschedulable',
  );
  expect(() => kind && parseFieldSelector('metadata.name', kind)).toThrow(ApiError);
});
