// The archives are read by the real tar.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManifestEntry } from '@drover/client/manifest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toTar } from './tar.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-tar-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const common = { mode: '0640', mtimeMs: 1_700_000_000_000 } as const;
const long = `${'d'.repeat(120)}/${'f'.repeat(120)} 100%25 中`;

test('the real tar reads what was made: long names, links, holes, modes and times', async () => {
  const entries: readonly ManifestEntry[] = [
    { path: '', type: 'directory', ...common, mode: '0750' },
    { path: 'd'.repeat(120), type: 'directory', ...common, mode: '0755' },
    { path: long, type: 'file', ...common, size: 5, offset: 0, sha256: '' },
    { path: 'link', type: 'symlink', ...common, target: 'else where' },
    {
      path: 'sparse',
      type: 'file',
      ...common,
      size: 3_000_000,
      offset: 5,
      dataSize: 2,
      extents: [[1_500_000, 2]],
    },
  ];
  const archive = toTar('n1', entries, new Blob(['helloXY']));
  const input = Buffer.from(await archive.arrayBuffer());
  const done = spawnSync('tar', ['-x', '-p', '-C', dir], { input });
  expect(done.stderr.toString()).toBe('');
  const file = join(dir, 'n1', long.replace('%25', '%'));
  expect(readFileSync(file, 'utf8')).toBe('hello');
  expect(lstatSync(file).mode & 0o777).toBe(0o640);
  expect(lstatSync(file).mtimeMs).toBe(1_700_000_000_000);
  expect(readlinkSync(join(dir, 'n1/link'))).toBe('else where');
  const sparse = readFileSync(join(dir, 'n1/sparse'));
  expect(sparse.length).toBe(3_000_000);
  expect(sparse.subarray(1_499_999, 1_500_003).toString('latin1')).toBe('\0XY\0');
});
