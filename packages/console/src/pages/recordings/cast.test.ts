import { expect, test } from 'vitest';
import { parseCast, toSize, withoutPauses } from './cast.ts';

const head = '{"version":2,"width":80,"height":24,"timestamp":1}';
const cast = (...lines: readonly string[]): string => [head, ...lines, ''].join('\n');

test('output and changes of size are read, what else a recording may hold is skipped', () => {
  const read = parseCast(cast('[0.5,"o","a"]', '[1,"i","typed"]', '[1.5,"r","100x30"]', '[2,"m",""]'));
  expect(read.events).toEqual([
    { seconds: 0.5, code: 'o', text: 'a' },
    { seconds: 1.5, code: 'r', text: '100x30' },
  ]);
  expect([read.columns, read.rows, read.seconds, read.problem]).toEqual([80, 24, 1.5, '']);
});

test('a recording that was cut is shown up to its last whole line, and that is told', () => {
  const read = parseCast(`${head}\n[0.5,"o","a"]\n[1,"o","b`);
  expect(read.events).toHaveLength(1);
  expect(read.problem).toBe('line 3 is not whole');
});

test.each(['', 'nonsense', '{"version":1,"width":80,"height":24}', '[]'])('%j is no recording', (text) =>
  expect(() => parseCast(text)).toThrow('cannot replay'),
);

test('pauses are shortened, and nothing else', () => {
  const read = parseCast(cast('[1,"o","a"]', '[100,"o","b"]', '[101,"o","c"]'));
  expect(withoutPauses(read, 2).events.map(({ seconds }) => seconds)).toEqual([1, 3, 4]);
});

test('a size is two numbers', () => {
  expect([toSize('100x30'), toSize('100'), toSize('x')]).toEqual([[100, 30], undefined, undefined]);
});
