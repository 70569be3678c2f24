// npm run package: makes sure that everything that is built is current, then makes the packages (package/main.ts).
// It installs nothing: what is packaged is compared with the lock file there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCommandLine } from './command-line.mjs';
import { ensureConsole } from './console.mjs';
import { fail, node, root } from './install.mjs';

if (!existsSync(node)) fail('cannot package: dependencies are not installed; run npm ci');
ensureConsole();
ensureCommandLine();
const words = ['--disable-warning=ExperimentalWarning', join(root, 'scripts/package/main.ts')];
const done = spawnSync(node, [...words, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = done.status ?? 1;
