import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogLines } from './log-lines.ts';

const piece = (text: string | Uint8Array, node = 'n1', stream: 'stdout' | 'stderr' = 'stdout') => ({
  node,
  stream,
  timeMs: 0,
  data: typeof text === 'string' ? new TextEncoder().encode(text) : text,
});

test('a line that is not whole yet is shown, and grows where it stands', () => {
  const log = new LogLines();
  log.add(piece('one '));
  log.add(piece('other\n', 'n2'));
  log.add(piece('line\ntwo'));
  expect(log.view().lines.map(({ node, text }) => [node, text])).toEqual([
    ['n1', 'one line'],
    ['n2', 'other'],
    ['n1', 'two'],
  ]);
});

test('however the bytes are cut, the same lines come of them', () => {
  const text = 'grüße\n\n世界\x1b[31m red\nstill red\nend';
  const bytes = new TextEncoder().encode(text);
  const property = fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
    const log = new LogLines();
    const ends = [...cuts, bytes.length].sort((a, b) => a - b);
    ends.reduce((from, to) => {
      log.add(piece(bytes.slice(from, to)));
      return to;
    }, 0);
    expect(log.view().lines.map((line) => line.text)).toEqual(text.split('\n'));
    expect(log.view().lines[3]?.from.colour).toBe('#ff8a80');
  });
  fc.assert(property, { numRuns: 300 });
});

test('what has no end of line is broken, and what is too much goes, the oldest first', () => {
  const log = new LogLines();
  log.add(piece('x'.repeat(20_000)));
  expect(log.view().lines.map(({ text }) => text.length)).toEqual([8_192, 8_192, 3_616]);
  for (let i = 0; i < 230; i++) log.add(piece(`\n${i}${'\n.'.repeat(999)}`));
  const { lines, dropped } = log.view();
  expect(dropped).toBeGreaterThan(0);
  expect(lines.length + dropped).toBe(230_003);
  expect(lines.at(-1)?.text).toBe('.');
});
