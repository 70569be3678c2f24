import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LockedPackages, toProduction } from './production.ts';

test('a package is found where Node.js finds it: the nearest above wins, and what only others need is left out', () => {
  const locked: LockedPackages = {
    'packages/controller': { dependencies: { a: '1', '@scope/b': '1', '@drover/api': '*' } },
    'node_modules/a': { dependencies: { c: '2' } },
    'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
    'node_modules/c': {},
    'node_modules/d': { dependencies: { a: '1' } },
    'node_modules/@scope/b': {},
    'node_modules/dev-only': {},
  };
  expect(toProduction(locked, ['packages/controller'])).toEqual([
    'node_modules/@scope/b',
    'node_modules/a',
    'node_modules/a/node_modules/c',
    'node_modules/d',
  ]);
});

test('what is named to be left out is, with what it alone needs', () => {
  const locked: LockedPackages = {
    'packages/console': { dependencies: { a: '1', vite: '1' } },
    'node_modules/a': {},
    'node_modules/vite': { dependencies: { a: '1', rolldown: '1' } },
    'node_modules/rolldown': {},
  };
  expect(toProduction(locked, ['packages/console'], ['vite'])).toEqual(['node_modules/a']);
});

test('one that the lock lacks is named, with what to do', () => {
  const locked: LockedPackages = { 'packages/api': { dependencies: { gone: '1' } } };
  expect(() => toProduction(locked, ['packages/api'])).toThrow(
    'cannot package packages/api: package-lock.json has no gone; run npm install',
  );
});

test('of our own lock neither tools nor the console come along', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { readonly packages: LockedPackages };
  const paths = toProduction(packages, ['packages/api', 'packages/ssh', 'packages/controller']);
  expect(paths).toContain('node_modules/fastify');
  expect(paths).toContain('node_modules/ssh2');
  for (const name of ['vite', 'react', 'typescript', 'vitest', 'nan', 'cpu-features'])
    expect(paths).not.toContain(`node_modules/${name}`);
});
