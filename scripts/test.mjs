// npm test: installs what the tests need and runs all of them. --no-install refuses to install anything.
import { join } from 'node:path';
import { ensureCommandLine } from './command-line.mjs';
import { ensureConsole } from './console.mjs';
import { ensureDependencies, node, root } from './install.mjs';
import { ensureRequirements } from './requirements.mjs';

const install = !process.argv.includes('--no-install');
ensureDependencies({ withDev: true, install });
const missing = ensureRequirements({ install });
if (missing.length > 0 && process.env.CI === 'true') {
  process.stdout.write(
    `\ncannot test: missing ${missing.join(', ')} (CI=true: a missing requirement fails)\n0 passed, 1 failed, 0 skipped\n`,
  );
  process.exit(1);
}

ensureConsole();
ensureCommandLine();
const { staticSteps } = await import('./check.mjs');
const { close, step, vitest } = await import('./suite.mjs');
close([
  ...(await staticSteps()),
  await step('known vulnerabilities of what ships', node, [join(root, 'scripts/npm-audit.mjs')]),
  await vitest('unit', ['--project', 'unit', '--project', 'long']),
  await step('agent under every Python found', 'python3', [join(root, 'agent/run_tests.py')]),
  // In one run, so that no worker idles between the stores.
  await vitest('e2e on SQLite and on PostgreSQL', ['--project', 'e2e*']),
]);
