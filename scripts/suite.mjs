// Owns how the suites are run and counted: each prints as it goes, and all end in one line
// "N passed, N failed, N skipped".
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node, root } from './install.mjs';

const run = (command, args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });

/** The exit code of automake's test harness for "skipped": something that it needs is missing, and it said what. */
export const skippedCode = 77;

/** A command that passes, fails or is skipped as one. */
export const step = async (name, command, args) => {
  process.stdout.write(`\n== ${name}\n`);
  const code = await run(command, args);
  const count = (counts) => (counts ? 1 : 0);
  const isFailed = code !== 0 && code !== skippedCode;
  return { passed: count(code === 0), failed: count(isFailed), skipped: count(code === skippedCode), name };
};

/** A vitest project, counted test by test. */
export const vitest = async (name, args, env) => {
  process.stdout.write(`\n== ${name}\n`);
  const file = join(tmpdir(), `drover-test-${process.pid}-${name.replace(/\W/g, '-')}.json`);
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/counts-reporter.mjs')}`];
  const code = await run(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args], {
    ...env,
    DROVER_TEST_COUNTS: file,
  });
  const counted = { passed: 0, failed: 0, skipped: 0, name };
  try {
    Object.assign(counted, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    counted.failed = 1;
  }
  rmSync(file, { force: true });
  // A file that cannot be loaded has no tests to count, yet has failed.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  return counted;
};

const list = (title, lines) => {
  if (lines.length > 0) process.stdout.write(`\n${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`);
};

/** Prints what did not pass at once, the closing line, and exits. */
export const close = (results) => {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const all = (key) => results.flatMap((result) => result[key] ?? []);
  list('passed only when tried again', all('retried'));
  list('failed', all('failures'));
  process.stdout.write('\n');
  for (const { name, passed, failed, skipped } of results)
    process.stdout.write(
      `${failed ? 'FAIL' : 'ok  '} ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`,
    );
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  process.exit(sum('failed') > 0 ? 1 : 0);
};
