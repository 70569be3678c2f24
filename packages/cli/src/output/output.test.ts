import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEscapeFilter } from '../terminal/escape.ts';
import { toLabelSelector } from '../work/label-selector.ts';
import { cellWidth, toTable } from './table.ts';
import { printable, printableOutput } from './terminal.ts';
import { parseIntOrPercent, parsePairs, parseSeconds, toElapsed } from './units.ts';

const control = (text: string) => [...text].filter((c) => c < ' ' || (c >= '\x7f' && c <= '\x9f'));

describe('text for terminals', () => {
  test('no control character is left of any text, newlines aside when asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(control(printable(text)).filter((c) => c !== '\t')).toEqual([]);
        expect(control(printable(text, true)).filter((c) => c !== '\t' && c !== '\n')).toEqual([]);
      }),
    );
  });

  test('output keeps its colours and nothing else that steers', () => {
    expect(printableOutput(Buffer.from('\x1b[31mred\x1b[0m\x1b[2J\x1b]0;t\x07\r\n'))).toBe(
      '\x1b[31mred\x1b[0m^[[2J^[]0;t^G\n',
    );
  });

  test('columns of a table begin at the same cell in every line', () => {
    const cells = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii' })));
    fc.assert(
      fc.property(cells, (rows) => {
        const { lines, widths } = toTable(
          ['a', 'b'],
          rows.map(([first, second]) => [first, `|${second}`]),
        );
        const start = (widths[0] ?? 0) + 3;
        for (const line of lines.slice(1)) {
          const at = line.lastIndexOf('   |');
          expect(at < 0 ? start : cellWidth(line.slice(0, at + 3))).toBeLessThanOrEqual(
            Math.max(start, cellWidth(line)),
          );
        }
        expect(lines.length).toBe(rows.length + 1);
      }),
    );
    expect(toTable(['name', 'b'], [['节点', 'x']]).lines).toEqual(['NAME   B', '节点   x']);
  });
});

describe('units', () => {
  test('lengths of time are read', () => {
    expect(['90', '30s', '5m', '1h30m', '2d'].map((text) => parseSeconds(text, '--x'))).toEqual([
      90, 30, 300, 5400, 172800,
    ]);
    for (const bad of ['', 's', '1x', '-1s', '1.5h', '1h 3m'])
      expect(() => parseSeconds(bad, '--x')).toThrow('--x');
  });

  test('counts, shares and pairs are read; sizes and times are written', () => {
    expect([parseIntOrPercent('3', 'x'), parseIntOrPercent('5%', 'x')]).toEqual([3, '5%']);
    for (const bad of ['101%', '-1', '5 %', '']) expect(() => parseIntOrPercent(bad, 'x')).toThrow('x');
    expect(parsePairs(['A=1=2', 'B='], 'x')).toEqual({ A: '1=2', B: '' });
    expect(() => parsePairs(['=1'], 'x')).toThrow('KEY=VALUE');
    expect([5, 65, 3700].map(toElapsed)).toEqual(['5s', '1m05s', '1h01m']);
  });
});

describe('label selectors', () => {
  test('are read as kubectl reads them', () => {
    expect(toLabelSelector('a=b, c!=d ,e in (f,g),h notin (i),example.com/j,!k')).toEqual({
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['b'] },
        { key: 'c', operator: 'NotIn', values: ['d'] },
        { key: 'e', operator: 'In', values: ['f', 'g'] },
        { key: 'h', operator: 'NotIn', values: ['i'] },
        { key: 'example.com/j', operator: 'Exists' },
        { key: 'k', operator: 'DoesNotExist' },
      ],
    });
  });

  test('any other text is refused by name', () => {
    for (const bad of ['', 'a=', 'a in b', 'a in (', ',', 'a==b=c', '!'])
      if (bad !== 'a=') expect(() => toLabelSelector(bad)).toThrow('cannot use label selector');
    expect(toLabelSelector('a=')).toEqual({ matchExpressions: [{ key: 'a', operator: 'In', values: [''] }] });
  });
});

describe('the way out of a terminal', () => {
  test('without a tilde at the beginning of a line every byte goes through', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const bytes = chunks.map((chunk) => chunk.map((byte) => (byte === 0x7e ? 0x7f : byte)));
        const filter = createEscapeFilter();
        expect(Buffer.concat(bytes.map((chunk) => filter.feed(chunk).send))).toEqual(Buffer.concat(bytes));
      }),
    );
  });

  test('"~." leaves at the beginning of a line only, "~~" is one tilde', () => {
    const feed = (...parts: string[]) => {
      const filter = createEscapeFilter();
      const fed = parts.map((part) => filter.feed(Buffer.from(part)));
      return [fed.map(({ send }) => Buffer.from(send).toString()).join(''), fed.some(({ leave }) => leave)];
    };
    expect(feed('~', '.')).toEqual(['', true]);
    expect(feed('ls\r~.')).toEqual(['ls\r', true]);
    expect(feed('a~.')).toEqual(['a~.', false]);
    expect(feed('~~x')).toEqual(['~x', false]);
    expect(feed('~/bin\r')).toEqual(['~/bin\r', false]);
  });
});
