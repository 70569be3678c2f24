import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { openKeyring } from '../store/sealing/keyring.ts';
import { openKeyFiles } from './key-files.ts';

let dir = '';
let dataDir = '';
const keyring = async () => {
  const opened = await openKeyring({ dataDir, clock: systemClock });
  await opened.save();
  return opened;
};
const onDisk = (name: string) => readFile(join(dataDir, 'keys', name), 'utf8');

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-key-files-'));
  dataDir = join(dir, 'data');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('files that were plain are sealed when they are opened, also what a killed write left goes', async () => {
  await mkdir(join(dataDir, 'keys'), { recursive: true });
  await writeFile(join(dataDir, 'keys/ca.pem'), 'planted private key');
  await writeFile(join(dataDir, 'keys/ca.pem.new'), 'planted private');

  const files = await openKeyFiles(dataDir, await keyring());
  await files.writeOwn('server.pem', 'planted too');

  expect(await readdir(join(dataDir, 'keys'))).toEqual(['ca.pem', 'secrets.json', 'server.pem']);
  for (const name of ['ca.pem', 'server.pem']) expect(await onDisk(name)).not.toContain('planted');
  expect([await files.read('ca.pem'), await files.readOwn('server.pem'), await files.read('none')]).toEqual([
    'planted private key',
    'planted too',
    undefined,
  ]);
});

test('a sealed file under the name of another is refused', async () => {
  const files = await openKeyFiles(dataDir, await keyring());
  await files.make('ca.pem', async () => 'text');
  await writeFile(join(dataDir, 'keys/release.pem'), await onDisk('ca.pem'));

  await expect(files.read('release.pem')).rejects.toThrow(/keys\/release\.pem: it was changed, or moved/);
});

test('files come under a new data key, and are counted by key', async () => {
  const sealer = await keyring();
  const files = await openKeyFiles(dataDir, sealer);
  await files.make('ca.pem', async () => 'one');
  await files.writeOwn('server.pem', 'two');
  await sealer.addKey();
  await files.make('release.pem', async () => 'three');

  expect([...((await files.sealed?.counts()) ?? [])]).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(await files.sealed?.resealSome()).toBe(2);
  expect(await files.sealed?.resealSome()).toBe(0);
  await sealer.dropOlder(2);
  expect(await (await openKeyFiles(dataDir, await keyring())).read('ca.pem')).toBe('one');
});
