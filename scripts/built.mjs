// Owns "is built once per change of what it is made of". Plain JavaScript for Node 20: npm start and npm test begin with it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, node, root } from './install.mjs';

const skipped = new Set(['dist', 'node_modules']);

const filesOf = (path) => {
  const entries = existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
  return entries
    .filter(({ name }) => !skipped.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
};

const stampOf = (sources) => {
  const hash = createHash('sha256');
  for (const source of [...sources, 'package-lock.json'].map((path) => join(root, path)))
    for (const file of source.endsWith('.json') ? [source] : filesOf(source))
      if (!/\.test\.tsx?$/.test(file)) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
};

/** Builds the package in `home` by vite if its dist is absent or older than its sources. `what`: for people. */
export const ensureBuilt = ({ what, home, sources }) => {
  const stamp = stampOf(sources);
  const cwd = join(root, home);
  const stampFile = join(cwd, 'dist/.built');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stdout.write(`Building the ${what} ...\n`);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const done = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd, encoding: 'utf8' });
  if (done.status !== 0) fail(`cannot build the ${what}: ${done.stderr || done.stdout || done.error}`);
  writeFileSync(stampFile, stamp);
};
