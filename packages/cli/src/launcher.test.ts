import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const launcher = join(import.meta.dirname, '../bin/drover');
const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true });
});

/** An installation whose program only says which form of it was started. Times are in seconds. */
const install = (times: { readonly built?: number; readonly source: number }): string => {
  const root = mkdtempSync(join(tmpdir(), 'launcher-'));
  made.push(root);
  const put = (path: string, text: string, seconds: number): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    utimesSync(join(root, path), seconds, seconds);
  };
  put('packages/cli/src/main.ts', "process.stdout.write('sources');", 1_000);
  put('packages/api/src/policy/rules.ts', '', times.source);
  if (times.built !== undefined)
    put('packages/cli/dist/main.mjs', "process.stdout.write('built');", times.built);
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
  mkdirSync(join(root, 'packages/cli/bin'));
  copyFileSync(launcher, join(root, 'packages/cli/bin/drover'));
  return join(root, 'packages/cli/bin/drover');
};

const started = (program: string): string => spawnSync(program, { encoding: 'utf8' }).stdout;

describe('bin/drover', () => {
  it('starts what is built when no source is newer', () => {
    expect(started(install({ source: 1_000, built: 2_000 }))).toBe('built');
  });

  it('starts the sources when one of them, of whichever package, is newer than what is built', () => {
    expect(started(install({ source: 3_000, built: 2_000 }))).toBe('sources');
  });

  it('starts the sources when nothing is built', () => {
    expect(started(install({ source: 1_000 }))).toBe('sources');
  });
});
