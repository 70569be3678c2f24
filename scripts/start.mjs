// npm start: installs what is missing, then runs the controller with the embedded store.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureCommandLine } from './command-line.mjs';
import { ensureConsole } from './console.mjs';
import { ensureDependencies, fail, root } from './install.mjs';

if (spawnSync('python3', ['--version'], { stdio: 'ignore' }).status !== 0)
  fail('cannot start: python3 is needed for the agent of this machine, and was not found');
ensureDependencies({ withDev: false });
ensureConsole();
ensureCommandLine();

const child = spawn(join(root, 'packages/controller/bin/drover-controller'), process.argv.slice(2), {
  stdio: 'inherit',
  cwd: process.cwd(),
});
// A terminal sends Ctrl-C to the whole group, kill and service managers only to this process: being told twice does no harm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
