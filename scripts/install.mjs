// Owns "what is missing is installed": dependencies from the lock file, once per change of it.
// Plain JavaScript for Node 20: it runs before anything has been installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const stampFile = join(root, 'node_modules', '.drover-installed');

/** The Node 24 that npm brings; the one in PATH may be older. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node');

export const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const wanted = (withDev) =>
  `${createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')} ${withDev ? 'all' : 'run'}`;

const isCurrent = (withDev) => {
  if (!existsSync(stampFile) || !existsSync(node)) return false;
  const stamp = readFileSync(stampFile, 'utf8');
  return stamp === wanted(withDev) || stamp === wanted(true);
};

/** Installs npm dependencies if they are absent or older than the lock file. */
export const ensureDependencies = ({ withDev, install = true }) => {
  const [major] = process.versions.node.split('.');
  if (Number(major) < 20)
    fail(`cannot start: Node ${process.versions.node} is too old, 20 or newer is needed`);
  if (isCurrent(withDev)) return;
  if (!install) fail('cannot go on: dependencies are not installed and --no-install was given (run: npm ci)');
  process.stdout.write('Installing dependencies (npm ci) ...\n');
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error', ...(withDev ? [] : ['--omit=dev'])];
  const done = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) fail('cannot install the dependencies: npm ci failed (its reason is above)');
  if (!existsSync(node))
    fail(
      'cannot find Node 24 after npm ci: were install scripts switched off? (npm config get ignore-scripts)',
    );
  writeFileSync(stampFile, wanted(withDev));
};
