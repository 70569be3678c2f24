// The law of what is loaded on demand: large libraries that most controllers never need are reached by import() only.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';
import { root, sourcesOf } from './sources.ts';

/** Library → why it is not there from the start. */
const onDemand: Readonly<Record<string, string>> = {
  '@bufbuild/cel': '27 MiB; for kinds with rules and for policies',
};

const texts = new Map(sourcesOf(['.ts'], { generated: true }).map(({ path, text }) => [path, text]));
const entries = JSON.parse(readFileSync(join(root, 'packages/api/package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string>>;
};

/** What a file imports when it is loaded itself; types are erased. */
const staticImports = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:import|export)\s+(?!type\b)[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm)].map(
    ([, found = '']) => found,
  );

const resolve = (from: string, specifier: string): string => {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const [, entry] = /^@drover\/api(\/.*)?$/.exec(specifier) ?? [specifier];
  const file = specifier.startsWith('@drover/api') ? entries.exports[`.${entry ?? ''}`] : undefined;
  return file === undefined ? specifier : posix.join('packages/api', file);
};

/** Everything that is loaded with a file: our own files by path, libraries by name. */
const loadedWith = (start: string): ReadonlySet<string> => {
  const seen = new Set([start]);
  for (const path of seen)
    for (const specifier of staticImports(texts.get(path) ?? '')) seen.add(resolve(path, specifier));
  return seen;
};

test.each(Object.keys(onDemand))('%s is not loaded when the controller starts', (library) => {
  const loaded = loadedWith('packages/controller/src/main.ts');
  expect(loaded).toContain('packages/api/src/kinds/index.ts');
  expect(loaded).toContain('packages/controller/src/auth/policy/gate.ts');
  expect([...loaded].filter((one) => one === library || one.startsWith(`${library}/`))).toEqual([]);
  // Else the test would be about nothing.
  expect([...loadedWith('packages/api/src/policy/index.ts')]).toContain(library);
});
