// What is asked of one store only is named, with the reason, and is there; what else opens a store says which.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { onceOnly } from '../e2e/stores.ts';
import { codeOf, isTest, root, type Source, sourcesOf } from './sources.ts';

test('every file that is run on one store only exists, and says why', () => {
  const named = Object.entries(onceOnly);
  expect(named.length).toBeGreaterThan(0);
  for (const [file, why] of named)
    expect([file, existsSync(join(root, file)), why !== '']).toEqual([file, true, true]);
});

const files = new Map(sourcesOf(['.ts']).map((source) => [source.path, source]));

/** Files that it takes something from. */
const imported = ({ path, text }: Source): readonly string[] =>
  [...text.matchAll(/from '(\.[^']+)'/g)].map(([, name = '']) => join(dirname(path), name));

/** The tests of these, and what serves them: what is not for tests is told where its store is. */
const withGrounds = (paths: readonly string[]): readonly Source[] => {
  const seen = new Map<string, Source>();
  const visit = (path: string): void => {
    const source = files.get(path);
    if (source === undefined || seen.has(path) || !isTest(path)) return;
    seen.set(path, source);
    for (const next of imported(source)) visit(next);
  };
  for (const path of paths) visit(path);
  return [...seen.values()];
};

/** The arguments of each call that opens a store. */
const openings = ({ lines }: Source): readonly string[] =>
  [
    ...lines
      .map(codeOf)
      .join('\n')
      .matchAll(/\bopenStore\(([^)]*)\)/g),
  ].map(([, given = '']) => given);

test('whatever the tests on both stores open says which store it is', () => {
  const onBoth = [...files.keys()].filter(
    (path) => /^test\/(e2e|faults)\/.*\.test\.ts$/.test(path) && onceOnly[path] === undefined,
  );
  const found = withGrounds(onBoth).flatMap((source) =>
    openings(source).map((given) => ({ path: source.path, given })),
  );
  expect(found.map(({ path }) => path)).toContain('packages/controller/src/server/test-ground.ts');
  expect(found.filter(({ given }) => !/\burl\b/.test(given))).toEqual([]);
});
