import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import { foldNodeSet, parseNodeSet, resolveNodeSet } from './index.ts';

const all = ['db1', 'db2', 'web1', 'web2', 'web10', 'web11'];
const groups: Readonly<Record<string, readonly string[]>> = {
  db: ['db1', 'db2'],
  g1: ['web1'],
  g2: ['web2'],
};
const world = {
  all,
  group: (name: string) => {
    const members = groups[name];
    if (members === undefined) throw new ApiError('NotFound', `no group ${name}`);
    return members;
  },
};
const known = (text: string) => resolveNodeSet(parseNodeSet(text), world).known.join(' ');
const expand = (text: string) => resolveNodeSet(parseNodeSet(text), { all: [], group: () => [] }).unknown;

test.each([
  ['*', 'db1 db2 web1 web2 web10 web11'],
  ['*!@db', 'web1 web2 web10 web11'],
  ['web*&web[1-9]', 'web1 web2'],
  ['web1?', 'web10 web11'],
  ['@g[1-2],db1', 'db1 web1 web2'],
  ['@db^db[2-3]', 'db1'],
  ['web1 db1', 'db1 web1'],
  ['web[1-2]!web1,web1', 'web1 web2'],
])('%s stands for %s', (text, names) => {
  expect(known(text)).toBe(names);
});

test.each([
  ['n[08-10]', 'n08 n09 n10'],
  ['n[0-10/5]', 'n0 n5 n10'],
  ['r[1-2]n[1-2].x', 'r1n1.x r1n2.x r2n1.x r2n2.x'],
  ['n[1,01,001]', 'n1 n01 n001'],
])('%s is written out as %s', (text, names) => {
  expect([...expand(text)].sort()).toEqual(names.split(' ').sort());
});

test('names that do not exist are listed apart', () => {
  expect(resolveNodeSet(parseNodeSet('web[1-3]'), world)).toEqual({
    known: ['web1', 'web2'],
    unknown: ['web3'],
  });
});

test.each([
  '',
  ' ',
  ',',
  'a,',
  ',a',
  'a!',
  'a,,b',
  'n[',
  'n]',
  'n[]',
  'n[1-]',
  'n[2-1]',
  'n[1-010]',
  'n[1-3/0]',
  'n[a]',
  '@',
  'a;b',
  'a/b',
  '@x*',
])('%j is refused', (text) => {
  expect(() => parseNodeSet(text)).toThrow(ApiError);
});

test('an expression that is too big is refused before it is written out', () => {
  expect(() => parseNodeSet('n[1-1000001]')).toThrow('more than 1000000 names');
  expect(() => parseNodeSet(`n${'[1-100]'.repeat(50)}`)).toThrow(ApiError);
  expect(() => expand(Array(1001).fill('n[1-1000]').join(','))).toThrow('more than 1000000 names');
  const many = { all: Array.from({ length: 5000 }, (_, i) => `n${i}`), group: () => [] };
  expect(() => resolveNodeSet(parseNodeSet(Array(30000).fill('*').join('!')), many)).toThrow(ApiError);
  expect(resolveNodeSet(parseNodeSet('n[0-4999]'), many).known).toHaveLength(5000);
});

test.each([
  ['web1 web2 web3 web22', 'web[1-3,22]'],
  ['n08 n09 n10 n11', 'n[08-11]'],
  ['r1n1 r1n2 r2n1 r2n2', 'r[1-2]n[1-2]'],
  ['a', 'a'],
  ['web1.x web2.x b', 'b,web[1-2].x'],
  ['', ''],
])('%s fold to %s', (names, folded) => {
  expect(foldNodeSet(names.split(' ').filter(Boolean))).toBe(folded);
});

const number = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map(String),
  fc.stringMatching(/^[0-9]{1,3}$/),
  fc.stringMatching(/^[0-9]{15,18}$/),
);
const name = fc
  .tuple(
    fc.constantFrom('n', 'web-', 'r'),
    number,
    fc.constantFrom('', '.x', 'n', '-'),
    fc.option(number, { nil: '' }),
  )
  .map((parts) => parts.join(''));
const names = fc.uniqueArray(name, { maxLength: 40 });

test('what was folded unfolds to the same names', () => {
  const property = fc.property(names, (list) => {
    expect([...(list.length === 0 ? [] : expand(foldNodeSet(list)))].sort()).toEqual([...list].sort());
  });
  fc.assert(property, { numRuns: 2000 });
});

test('any text is a node-set or a clean refusal', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[an0-9[\]\-,!&^*?@/ ]*$/));
  const property = fc.property(text, (expression) => {
    try {
      resolveNodeSet(parseNodeSet(expression), world);
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});
