import fc from 'fast-check';
import { expect, test } from 'vitest';
import { argvPatternProblem, matchesArgv, matchesArgvAnywhere } from './argv-pattern.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/', '.'), maxLength: 5 });
const plain = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 5 });

/** The same said by another engine: each word an anchored regular expression. */
const oracle = (pattern: readonly string[], argv: readonly string[]): boolean => {
  const isOpen = pattern.at(-1) === '**';
  const words = isOpen ? pattern.slice(0, -1) : pattern;
  const source = (text: string) =>
    text.replace(/[.*?/]/g, (c) => (c === '*' ? '[^]*' : c === '?' ? '[^]' : `\\${c}`));
  return (
    (isOpen ? argv.length >= words.length : argv.length === words.length) &&
    words.every((text, index) => new RegExp(`^${source(text)}$`).test(argv[index] ?? ''))
  );
};

test('a pattern matches what the same regular expressions match, word by word', () => {
  const tail = fc.constantFrom([], ['**']);
  const pattern = fc.tuple(fc.array(word, { minLength: 1, maxLength: 4 }), tail).map((parts) => parts.flat());
  fc.assert(
    fc.property(pattern, fc.array(plain, { maxLength: 5 }), (words, argv) => {
      expect(matchesArgv(words, argv)).toBe(oracle(words, argv));
    }),
    { numRuns: 2000 },
  );
});

test('every command line matches itself, and itself with any further arguments', () => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1 }), fc.array(plain), (argv, more) => {
      expect(matchesArgv(argv, argv)).toBe(true);
      expect(matchesArgv([...argv, '**'], [...argv, ...more])).toBe(true);
      expect(matchesArgv(argv, [...argv, 'more'])).toBe(false);
    }),
  );
});

test('a glob does not reach over the border of a word', () => {
  expect(matchesArgv(['systemctl', 'restart', '*'], ['systemctl', 'restart', 'nginx', 'sshd'])).toBe(false);
  expect(matchesArgv(['systemctl restart'], ['systemctl', 'restart'])).toBe(false);
});

test('many stars take steps in the product of the lengths, not more', () => {
  const pattern = `${'*a'.repeat(2_000)}b`;
  expect(matchesArgv([pattern], ['a'.repeat(20_000)])).toBe(false);
});

test('a program without a path is meant wherever it lies in rules, and nowhere else in allow lists', () => {
  expect(matchesArgvAnywhere(['mkfs*', '**'], ['/sbin/mkfs.ext4', '/dev/sda'])).toBe(true);
  expect(matchesArgvAnywhere(['/sbin/mkfs'], ['mkfs'])).toBe(false);
  expect(matchesArgv(['uptime'], ['/tmp/uptime'])).toBe(false);
});

test('"**" stands last, behind a program', () => {
  expect(argvPatternProblem(['a', '**', 'b'])).toContain('must be last');
  expect(argvPatternProblem(['**'])).toContain('begin with the program');
  expect(argvPatternProblem(['*', '**'])).toBeUndefined();
});
