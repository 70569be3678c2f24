// npm run check: format, lint, types, rules and unit tests; fast, for before every commit.
import { join } from 'node:path';
import { ensureDependencies, node, root } from './install.mjs';
import { close, step, vitest } from './suite.mjs';

export const staticSteps = async () => [
  await step('format and lint', join(root, 'node_modules/.bin/biome'), ['check', '.']),
  await step('types', join(root, 'node_modules/.bin/tsc'), ['-p', '.']),
  await step('types of the console', join(root, 'node_modules/.bin/tsc'), ['-p', 'packages/console']),
  await step('unused code and dependencies', join(root, 'node_modules/.bin/knip'), ['--no-progress']),
  await step('generated wire tables are current', node, [join(root, 'scripts/gen.ts'), '--check']),
  await step('agent keeps to old and new Python', 'python3', [join(root, 'agent/check_compat.py')]),
];

if (process.argv[1] === import.meta.filename) {
  ensureDependencies({ withDev: true });
  close([...(await staticSteps()), await vitest('unit', ['--project', 'unit'])]);
}
