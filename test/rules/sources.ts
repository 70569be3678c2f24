// Owns which files the repository's laws are about, and how they are read.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Source {
  /** From the root, with '/'. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const tops = ['packages', 'lab', 'test', 'bench', 'scripts', 'agent', 'stacks'];
const skipped = new Set(['node_modules', '__pycache__', 'fixtures', 'dist', 'var']);

const walk = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || skipped.has(entry.name)) return [];
    const path = join(directory, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });

const read = (path: string): Source => {
  const text = readFileSync(path, 'utf8');
  return { path: relative(root, path), text, lines: text.split('\n') };
};

/** Every file of ours with one of these endings; generated ones only when asked for. */
export const sourcesOf = (
  endings: readonly string[],
  options: { readonly generated?: boolean } = {},
): Source[] => {
  const there = new Set(readdirSync(root));
  const files = tops.filter((top) => there.has(top)).flatMap((top) => walk(join(root, top)));
  return files
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .filter((path) => options.generated === true || !path.includes('.gen.'))
    .map(read);
};

/** Written documents: the ones at the top and all under docs. */
export const documents = (): Source[] => {
  const top = readdirSync(root).filter(
    (name) => /\.(md|json|ts)$/.test(name) && name !== 'package-lock.json',
  );
  const docs = readdirSync(root).includes('docs') ? walk(join(root, 'docs')) : [];
  return [...top.map((name) => join(root, name)), ...docs].map(read);
};

/** Tests and what serves tests only: they may reach across rooms. */
export const isTest = (path: string): boolean =>
  /\.(test|arbitrary|contract)\.ts$/.test(path) ||
  /\/(test|testing|contract|fixtures)\//.test(path) ||
  /\/(test|fake)-[a-z-]+\.ts$/.test(path) ||
  path.startsWith('test/');

/** The line, or '' when it is a comment. */
export const codeOf = (line: string): string => (/^\s*(\/\/|\/?\*|#)/.test(line) ? '' : line);

/** path:line of every line of code that the pattern finds. */
export const findAll = (sources: readonly Source[], pattern: RegExp): string[] =>
  sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      pattern.test(codeOf(line)) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    ),
  );
