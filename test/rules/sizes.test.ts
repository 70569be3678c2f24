// The laws of size and of words (docs/architecture.md; house style): what no file of ours does.
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { functionsOf } from './functions.ts';
import { codeOf, documents, findAll, isTest, type Source, sourcesOf } from './sources.ts';

const maxFileLines = 500;
const maxFunctionLines = 80;
/** Components are mostly markup (house style 32). */
const maxComponentLines = 120;
/** One file by decision: nothing has to be installed on a server but it. */
const singleFileAgent = 'agent/drover_agent.py';
/** These files hold the forbidden words as patterns. */
const isLaw = ({ path }: Source): boolean => path.startsWith('test/rules/');

const scripts = sourcesOf(['.ts', '.tsx', '.mjs']);
const everything = sourcesOf([
  '.ts',
  '.tsx',
  '.mjs',
  '.py',
  '.sh',
  '.json',
  '.yaml',
  '.yml',
  '.md',
  '.thrift',
]);
const shipped = scripts.filter(({ path }) => path.startsWith('packages/') && !isTest(path));

test('the files are really seen', () => {
  expect(scripts.length).toBeGreaterThan(150);
  expect(shipped.length).toBeGreaterThan(100);
  expect(shipped.flatMap(functionsOf).length).toBeGreaterThan(300);
});

test('no file is longer than 500 lines', () => {
  const long = sourcesOf(['.ts', '.tsx', '.mjs', '.py', '.sh'])
    .filter(({ path, lines }) => path !== singleFileAgent && lines.length - 1 > maxFileLines)
    .map(({ path, lines }) => `${path}: ${lines.length - 1} lines`);
  expect(long).toEqual([]);
});

test('no function is longer than 80 lines, no component longer than 120', () => {
  const maxOf = (at: string): number => (/\.tsx:/.test(at) ? maxComponentLines : maxFunctionLines);
  const long = scripts
    .flatMap(functionsOf)
    .filter(({ at, lines, holdsTests }) => !holdsTests && lines > maxOf(at));
  expect(long.map(({ at, head, lines }) => `${at}: ${lines} lines: ${head}`)).toEqual([]);
});

test('no page of the console is longer than 250 lines', () => {
  const long = shipped
    .filter(({ path, lines }) => path.endsWith('.tsx') && lines.length - 1 > 250)
    .map(({ path }) => path);
  expect(long).toEqual([]);
});

test('the finder of functions sees a long one, and where it begins', () => {
  const body = Array.from({ length: 90 }, (_, i) => `  call(${i});`);
  const text = ['const a = async (', '  b: string,', '): Promise<void> => {', ...body, '};', 'if (a) {', '}'];
  const [found, ...others] = functionsOf({ path: 'x.ts', text: text.join('\n'), lines: text });
  expect(found).toEqual({ at: 'x.ts:1', head: 'const a = async (', lines: 94, holdsTests: false });
  expect(others).toEqual([]);
});

test('no file or directory is named for nothing', () => {
  const vague = /^(utils?|helpers?|common|misc|shared-?stuff|manager2)$/;
  const wrong = everything.filter(({ path }) =>
    path.split('/').some((part) => part.split(/[.\-_]/).some((word) => vague.test(word))),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('files are kebab-case', () => {
  const wrong = scripts.filter(({ path }) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(path)));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('the system clock is read in one file of the controller and one of the console only', () => {
  const clocks = /\/(platform|console\/src\/ui)\/clock\.ts$/;
  const readers = shipped.filter(({ path }) => !clocks.test(path));
  expect(findAll(readers, /\bDate\.now\b|\bnew Date\(\)/)).toEqual([]);
});

test('SQL is in the store only', () => {
  const others = shipped.filter(({ path }) => !path.startsWith('packages/controller/src/store/'));
  const sql =
    /\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX))\b/;
  expect(findAll(others, sql)).toEqual([]);
});

test('nothing is typed any', () => {
  const typed = /(:|<|\bas|,|\|)\s*any\b(?!\s*\w)|\bany\[\]/;
  const code = scripts.filter((source) => !isLaw(source));
  const found = code.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const bare = codeOf(line)
        .replace(/\/\/.*$|\/\*.*?\*\//g, '')
        .replace(/'(\\.|[^'\\])*'|"(\\.|[^"\\])*"|`(\\.|[^`\\])*`?|\/(\\.|[^/\\])+\//g, "''");
      return typed.test(bare) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
    }),
  );
  expect(found).toEqual([]);
});

test('only programs for people print', () => {
  const talkers = /^packages\/cli\//;
  const silent = shipped.filter(({ path }) => !talkers.test(path));
  expect(findAll(silent, /\bconsole\.(log|info|warn|error|debug)\b/)).toEqual([]);
});

test('a TODO names its issue', () => {
  const wrong = everything
    .filter((source) => !isLaw(source))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, index) =>
        /\b(TODO|FIXME|XXX)\b/.test(line) && !/#\d+/.test(line)
          ? [`${path}:${index + 1}: ${line.trim()}`]
          : [],
      ),
    );
  expect(wrong).toEqual([]);
});

test('tests mock no modules, and none is left alone or aside', () => {
  const tests = scripts.filter(({ path }) => path.endsWith('.test.ts') && !path.startsWith('test/rules/'));
  expect(tests.length).toBeGreaterThan(20);
  expect(findAll(tests, /\b(vi|jest)\.(mock|doMock|unstable_mockModule)\(/)).toEqual([]);
  expect(findAll(tests, /\b(test|it|describe)\.only\(/)).toEqual([]);
  expect(findAll(tests, /\b(test|it|describe)\.(skip|todo)\(/)).toEqual([]);
});

test('no host of a registry and no path of a machine stands in the repository', () => {
  const hosts =
    /\b(registry\.npmjs\.org|registry\.yarnpkg\.com|npmmirror\.com|pypi\.org|pythonhosted\.org|deb\.debian\.org|security\.debian\.org|archive\.ubuntu\.com|mirrors?\.[a-z0-9-]+\.[a-z]+)\b/;
  const paths = /(^|[\s'"`(=:])\/(work|home\/[a-z]+|root\/\.[a-z]+)\//;
  const texts = [...everything, ...documents()].filter((source) => !isLaw(source));
  const wrong = texts.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      hosts.test(line) || paths.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 160)}`] : [],
    ),
  );
  expect(wrong).toEqual([]);
});
