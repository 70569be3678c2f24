// Owns "the console is built": once per change of its sources, or of those that it shares with the controller.
// Plain JavaScript for Node 20: npm start and npm test begin with it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, node, root } from './install.mjs';

const home = join(root, 'packages/console');
const stampFile = join(home, 'dist/.built');
const sources = ['packages/console', 'packages/client/src', 'packages/api/src', 'package-lock.json'];
const skipped = new Set(['dist', 'node_modules']);

const filesOf = (path) => {
  const entries = existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
  return entries
    .filter(({ name }) => !skipped.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
};

const wanted = () => {
  const hash = createHash('sha256');
  for (const source of sources.map((path) => join(root, path)))
    for (const file of source.endsWith('.json') ? [source] : filesOf(source))
      if (!/\.test\.tsx?$/.test(file)) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
};

/** Builds the console if it is absent or older than what it is made of. */
export const ensureConsole = () => {
  const stamp = wanted();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stdout.write('Building the console ...\n');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const done = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd: home, encoding: 'utf8' });
  if (done.status !== 0) fail(`cannot build the console: ${done.stderr || done.stdout || done.error}`);
  writeFileSync(stampFile, stamp);
};

if (process.argv[1] === import.meta.filename) ensureConsole();
