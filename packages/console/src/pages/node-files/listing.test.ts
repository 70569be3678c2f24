// The programs are run by every Python found, in real directories.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandOn, hash, hashIn, makeDirectory, rename } from './file-commands.ts';
import { isDirectory, type Listing, parseListing } from './listing.ts';
import { listingProgram } from './listing-program.ts';
import { toPath } from './remote-path.ts';

const pythons = ['python3', 'python2', 'python2.7', 'python3.6'].filter(
  (python) => spawnSync(python, ['-c', '']).status === 0,
);
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-listing-'));
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, '100% 中.txt'), 'four', { mode: 0o640 });
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/odd-`), Buffer.from([0xff])]), '');
  symlinkSync('sub', join(dir, 'link'));
  symlinkSync('nowhere', join(dir, 'broken'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const list = (python: string, path: string): Listing =>
  parseListing(spawnSync(python, ['-c', listingProgram, path], { env: { LC_ALL: 'C' } }).stdout.toString());
const run = ([command = '', ...args]: readonly string[]) => spawnSync(command, args, { encoding: 'utf8' });

test('there is a Python to ask', () => expect(pythons).not.toEqual([]));

describe.each(pythons)('%s', (python) => {
  test('tells names of any bytes, kinds, links, modes and sizes', () => {
    const found = list(python, toPath(dir));
    if (found.kind !== 'found') throw new Error(found.message);
    const byName = new Map(found.entries.map((entry) => [entry.name, entry]));
    expect([...byName.keys()].sort()).toEqual(['100%25 中.txt', 'broken', 'link', 'odd-%FF', 'sub']);
    expect(byName.get('100%25 中.txt')).toMatchObject({ type: 'file', mode: '0640', size: 4 });
    expect(byName.get('link')).toMatchObject({ type: 'symlink', target: 'sub', leadsTo: 'directory' });
    expect(byName.get('broken')?.leadsTo).toBeUndefined();
    expect(found.entries.filter(isDirectory).map(({ name }) => name)).toEqual(['link', 'sub']);
  });

  test('a link is followed to where it leads, a file is told as itself', () => {
    expect(list(python, toPath(join(dir, 'link')))).toMatchObject({
      kind: 'found',
      path: toPath(join(dir, 'sub')),
    });
    const file = list(python, toPath(join(dir, '100% 中.txt')));
    expect(file).toMatchObject({ kind: 'found', self: { type: 'file', size: 4 }, entries: [] });
  });

  test('what is not there is said to be gone', () => {
    expect(list(python, `${toPath(dir)}/no`)).toMatchObject({ kind: 'gone' });
  });

  test('a name that is no text is changed like any other', () => {
    const root = toPath(dir);
    expect(run(commandOn(python, makeDirectory, [`${root}/new-%FE`])).stderr).toBe('');
    expect(run(commandOn(python, rename, [`${root}/new-%FE`, `${root}/plain-${python}`])).stderr).toBe('');
    expect(existsSync(join(dir, `plain-${python}`))).toBe(true);
    rmSync(join(dir, `plain-${python}`), { recursive: true });
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(hashIn(run(commandOn(python, hash, [`${root}/odd-%FF`])).stdout)).toBe(empty);
  });
});

test.skipIf(process.getuid?.() === 0)('what may not be read is said to be denied', () => {
  mkdirSync(join(dir, 'closed'));
  chmodSync(join(dir, 'closed'), 0);
  expect(list('python3', toPath(join(dir, 'closed')))).toMatchObject({ kind: 'denied' });
});

test('a command says its paths as they are, wherever they are text', () => {
  expect(commandOn('python3', makeDirectory, [toPath('/srv/50% 中')])).toEqual([
    'mkdir',
    '--',
    '/srv/50% 中',
  ]);
});
