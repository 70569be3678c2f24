// Compares node-sets with the program whose notation they are: ClusterShell's nodeset.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldNodeSet, parseNodeSet, resolveNodeSet } from './index.ts';

const expand = (text: string) => resolveNodeSet(parseNodeSet(text), { all: [], group: () => [] }).unknown;

const nodeset = (...args: readonly string[]) =>
  spawnSync('nodeset', args, { encoding: 'utf8', timeout: 10_000, input: '' });
/** The folded groups, in any order. */
const pieces = (folded: string) => [...(folded.match(/(?:\[[^\]]*\]|[^,[])+/g) ?? [])].sort();
const hasNodeset = nodeset('--version').status === 0;

test.skipIf(!hasNodeset && process.env['CI'] !== 'true')(
  "ClusterShell's nodeset expands and folds the same (skipped when clustershell is not installed)",
  { timeout: 60_000 },
  () => {
    expect(hasNodeset, 'clustershell must be installed').toBe(true);
    const item = fc.oneof(
      fc.integer({ min: 0, max: 30 }).map(String),
      fc
        .tuple(fc.nat(20), fc.nat(10), fc.integer({ min: 1, max: 3 }))
        .map(([a, b, step]) => `${a}-${a + b}/${step}`),
      fc
        .tuple(fc.nat(20), fc.nat(9))
        .map(([a, b]) => [a, a + b].map((n) => String(n).padStart(3, '0')).join('-')),
    );
    const operand = fc
      .tuple(
        fc.constantFrom('n', 'web-'),
        fc.array(item, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '.x'),
      )
      .map(([head, items, tail]) => `${head}[${items.join(',')}]${tail}`);
    const expression = fc
      .tuple(operand, fc.array(fc.tuple(fc.constantFrom(',', '!', '&', '^'), operand), { maxLength: 4 }))
      .map(([first, rest]) => first + rest.map(([operator, next]) => operator + next).join(''));
    const property = fc.property(expression, (text) => {
      const theirs = nodeset('-e', text);
      expect(theirs.status, theirs.stderr).toBe(0);
      const mine = [...expand(text)];
      expect([...mine].sort()).toEqual(theirs.stdout.split(/\s+/).filter(Boolean).sort());
      expect(pieces(foldNodeSet(mine))).toEqual(pieces(nodeset('-f', text).stdout.trim()));
    });
    fc.assert(property, { numRuns: 10 });
  },
);
