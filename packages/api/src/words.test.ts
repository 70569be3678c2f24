import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteWords, splitWords } from './words.ts';

test.each([
  ['uptime', ['uptime']],
  ['  echo  a\tb ', ['echo', 'a', 'b']],
  [`echo 'a b'"c d"e`, ['echo', 'a bc de']],
  [`sh -c 'x="$1"; echo "$x"'`, ['sh', '-c', 'x="$1"; echo "$x"']],
  [String.raw`echo a\ b "\$x \"y\" \n"`, ['echo', 'a b', String.raw`$x "y" \n`]],
  [`echo ''`, ['echo', '']],
  ['', []],
])('%j is read as the words %j', (text, words) => {
  expect(splitWords(text)).toMatchObject({ words, open: '' });
});

test.each([
  [`echo 'a`, "'"],
  [`echo "a`, '"'],
  [String.raw`echo "a\\`.slice(0, -1), '"'],
  ['echo a\\', '\\'],
])('%j is not whole yet', (text, open) => expect(splitWords(text).open).toBe(open));

test.each(['ls | wc', 'echo $HOME', 'ls *.log', 'a && b', 'echo x > f', 'echo `id`', 'a; b'])(
  '%j has a word that only a shell understands',
  (text) => expect(splitWords(text).shellWord).not.toBe(''),
);

test.each([`sh -c 'ls | wc'`, 'find / -name x', 'date +%s', 'env A=b c'])(
  '%j has no word that only a shell understands',
  (text) => expect(splitWords(text).shellWord).toBe(''),
);

test('what was quoted is read as the same words, by a shell too', () => {
  const word = fc.string({ unit: fc.constantFrom(...`ab '"\\$*|\t`), maxLength: 8 });
  const property = fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
    expect(splitWords(quoteWords(words))).toEqual({ words, open: '', shellWord: '' });
  });
  fc.assert(property, { numRuns: 1_000 });
  const odd = [`it's`, '"', '\\', '$HOME', 'a  b', ''];
  const said = execFileSync('sh', ['-c', `printf '%s\\n' ${quoteWords(odd)}`], { encoding: 'utf8' });
  expect(said.slice(0, -1).split('\n')).toEqual(odd);
});
