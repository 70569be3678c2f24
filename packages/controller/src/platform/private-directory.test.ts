import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePrivateDirectory } from './private-directory.ts';

test('levels that are missing are made for our user alone, those that are there are left as they are', () => {
  const place = mkdtempSync(join(tmpdir(), 'private-'));
  const before = statSync(place).mode;
  const path = join(place, 'a', 'b');
  makePrivateDirectory(path);
  makePrivateDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(place).mode).toBe(before);
  rmSync(place, { recursive: true });
});

test('a place where nothing can be made is refused, not tried for ever', () => {
  expect(() => makePrivateDirectory('/proc/drover/var')).toThrow('ENOENT');
  expect(() => makePrivateDirectory('/dev/null/var')).toThrow(/ENOTDIR|EEXIST/);
});
