// The documents are true as far as that can be told without running anything: messages they quote are in the source,
// commands and options are in the reference, and what they link to and name is there. (test/e2e/readme.test.ts runs
// the rest.)
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { documents, root, type Source, sourcesOf } from './sources.ts';

const pages = documents().filter(({ path }) => path.endsWith('.md'));
const page = (path: string): Source => {
  const found = pages.find((one) => one.path === path);
  if (found === undefined) throw new Error(`no such page: ${path}`);
  return found;
};

/** Strings that are put together over several lines, or of quoted parts, read as one. */
const flat = (text: string): string => text.replace(/['"`]\s*(\+|\n)\s*['"`]/g, '').replace(/\s+/g, ' ');

test('every message of the trouble shooting page is in the source', () => {
  const sources = sourcesOf(['.ts', '.py'])
    .filter(({ path }) => /^(packages\/.*\/src|agent)\//.test(path) && !/\.test\.ts$|\/test_/.test(path))
    .map(({ text }) => flat(text));
  const rows = page('docs/user/trouble.md').lines.filter((line) => /^\| `/.test(line));
  const messages = rows.flatMap((line) =>
    [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, words = '']) => words),
  );
  expect(messages.length).toBeGreaterThan(40);
  const fragments = messages.flatMap((message) => message.split('…').map((part) => part.trim()));
  const unknown = fragments.filter(
    (fragment) => fragment.length > 3 && !sources.some((text) => text.includes(fragment)),
  );
  expect(unknown).toEqual([]);
});

/** 'drover a b' → its part of the reference. */
const reference = (): ReadonlyMap<string, string> =>
  new Map(
    page('docs/user/cli.md')
      .text.split(/^##+ (?=drover )/m)
      .slice(1)
      .map((part) => [part.split('\n')[0] ?? '', part] as const),
  );

/** Commands of blocks that no test runs. */
const unrunCommands = (text: string): readonly string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter((line) => line.startsWith('drover '));

test('every drover command that is shown but not run is in the reference, with its options', () => {
  const known = reference();
  const commands = pages.flatMap(({ text }) => unrunCommands(text));
  expect(commands.length).toBeGreaterThan(5);
  const wrong = commands.filter((command) => {
    const words = (command.split(' -- ')[0] ?? '').split(/\s+/);
    const name = [3, 2].map((count) => words.slice(0, count).join(' ')).find((one) => known.has(one));
    const options = words.filter((word) => /^--?[a-z]/.test(word));
    return name === undefined || options.some((option) => !known.get(name)?.includes(option));
  });
  expect(wrong).toEqual([]);
});

test('every link of the documents leads somewhere', () => {
  const anchorsOf = (text: string): readonly string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const dead = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !target.includes('://'))
      .filter((target) => {
        const [file = '', anchor = ''] = target.split('#');
        const to = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(root, to))) return true;
        return anchor !== '' && !anchorsOf(page(to).text).includes(anchor);
      })
      .map((target) => `${path}: ${target}`),
  );
  expect(dead).toEqual([]);
});

test('every file that the how-to pages name is there', () => {
  const named = ['docs/adding-a-kind.md', 'docs/adding-a-task.md'].flatMap((path) =>
    [...page(path).text.matchAll(/`((?:packages|agent|test|docs|scripts|bench)\/[^`\s]+)`/g)].map(
      ([, file = '']) => file,
    ),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((file) => !/[<*]/.test(file) && !existsSync(join(root, file)))).toEqual([]);
});
