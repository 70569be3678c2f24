// npm test: installs what the tests need and runs all of them. --no-install refuses to install anything.
import { join } from 'node:path';
import { ensureCommandLine } from './command-line.mjs';
import { ensureConsole } from './console.mjs';
import { ensureDependencies, root } from './install.mjs';
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
/** What asks most of the store is asked of both. The contract of the store, and several controllers, are tested on it anyhow. */
const onPostgres = ['access', 'custom-kinds', 'people', 'retention', 'secrets'].map(
  (name) => `test/e2e/${name}.test.ts`,
);
close([
  ...(await staticSteps()),
  await vitest('unit', ['--project', 'unit', '--project', 'long']),
  await step('agent under every Python found', 'python3', [join(root, 'agent/run_tests.py')]),
  await vitest('e2e', ['--project', 'e2e', '--project', 'e2e-alone']),
  await vitest('e2e on PostgreSQL', ['--project', 'e2e', ...onPostgres], { DROVER_TEST_STORE: 'postgres' }),
]);
