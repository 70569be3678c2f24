// Writes docs/user/cli.md from the commands of the command line; --check: fails when the page is not up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildProgram, createSession, toCommandOutline, toReferencePage } from '../packages/cli/src/index.ts';

const path = join(import.meta.dirname, '..', 'docs', 'user', 'cli.md');
const page = toReferencePage(toCommandOutline(await buildProgram(createSession(process), 'all')));

const current = (): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

if (!process.argv.includes('--check')) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, page);
  console.log(`wrote docs/user/cli.md, ${page.split('\n').length} lines`);
} else if (current() !== page) {
  console.error('docs/user/cli.md is not up to date: run node scripts/gen-cli-docs.ts');
  process.exitCode = 1;
}
