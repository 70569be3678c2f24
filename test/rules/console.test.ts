// The laws of the console (house style 30-32): a client of the API and nothing more, and small to load.
import { expect, test } from 'vitest';
import { findAll, sourcesOf } from './sources.ts';

const sources = sourcesOf(['.ts', '.tsx']).filter(
  ({ path }) => path.startsWith('packages/console/src/') && !/\.test\.tsx?$/.test(path),
);

test('the files are really seen', () => expect(sources.length).toBeGreaterThan(30));

test('of the kinds it takes types only: their schemas would come along', () => {
  const values = sources.filter(({ text }) =>
    /^import (?!type)[^;]*from '@drover\/(api|client)';/m.test(text),
  );
  expect(values.map(({ path }) => path)).toEqual([]);
});

test('addresses are made in paths.ts, questions about permissions in can.ts', () => {
  const pages = sources.filter(
    ({ path }) => !/\/(paths|can|permissions|navigation|routes)\.tsx?$/.test(path),
  );
  expect(findAll(pages, /\bto=(\{`|"\/)|navigate\((`|'\/)/)).toEqual([]);
  expect(findAll(pages, /SelfSubjectAccessReview|SelfSubjectRulesReview/)).toEqual([]);
});

test('an effect says why it must be one', () => {
  const effects = sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, i) =>
      /\buseEffect\(/.test(line) && !/^\s*\/\//.test(lines[i - 1] ?? '') ? [`${path}:${i + 1}`] : [],
    ),
  );
  expect(effects).toEqual([]);
});

test('ui knows no router but the address of the page, and no controller', () => {
  const ui = sources.filter(({ path }) => path.startsWith('packages/console/src/ui/'));
  expect(findAll(ui, /from '(\.\.\/api|\.\.\/pages|@drover\/client)/)).toEqual([]);
});
