import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { KeySource } from './key-source.ts';
import { openKeyring } from './keyring.ts';

let dir = '';
let dataDir = '';
const open = (source?: KeySource) => openKeyring({ dataDir, source, clock: systemClock });
const opened = async (source?: KeySource) => {
  const keyring = await open(source);
  await keyring.save();
  return keyring;
};
const keyFile = async (name: string): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return path;
};
const place = ['object', 'secrets', 'a'];
const recorded = () => readFile(join(dataDir, 'keys/secrets.json'), 'utf8');

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-keyring-'));
  dataDir = join(dir, 'data');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('the first start makes a key beside the data directory that nobody else may read', async () => {
  const keyring = await opened();
  const sealed = keyring.seal('text', place);

  expect((await stat(`${dataDir}.key`)).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, 'keys/secrets.json'))).mode & 0o777).toBe(0o600);
  expect((await readdir(dir)).sort()).toEqual(['data', 'data.key']);
  expect((await open()).open(sealed, place)).toBe('text');
});

test('without its key, or with another one, a keyring does not open and is left as it is', async () => {
  const [path, other] = [await keyFile('key'), await keyFile('other')];
  await opened({ kind: 'file', path });
  const before = await recorded();

  await expect(open({ kind: 'file', path: other })).rejects.toThrow(
    /other does not open .*give the right key/,
  );
  await rm(path);
  await expect(open()).rejects.toThrow(/key file .*key: it is not there; put it back/);
  expect(await recorded()).toBe(before);
});

test.each([
  ['hex', randomBytes(32).toString('hex')],
  ['base64', randomBytes(32).toString('base64')],
  ['raw', randomBytes(32)],
])('a key of 32 bytes in %s is taken', async (_form, bytes) => {
  const path = join(dir, 'key');
  await writeFile(path, bytes, { mode: 0o600 });

  const sealed = (await opened({ kind: 'file', path })).seal('text', place);

  expect((await open()).open(sealed, place)).toBe('text');
});

test('a file that is no key, or that everybody may read, is refused without showing what is in it', async () => {
  const path = join(dir, 'key');
  await writeFile(path, 'not a key', { mode: 0o600 });
  await expect(open({ kind: 'file', path })).rejects.toThrow(
    /^cannot use the key file .*it is not a key of 32/,
  );
  await chmod(path, 0o644);
  await expect(open({ kind: 'file', path })).rejects.toThrow(/chmod o-rwx/);
});

test('a passphrase from a file or the environment opens what it sealed, another one does not', async () => {
  const passphrase = 'correct horse battery staple';
  const path = join(dir, 'passphrase');
  await writeFile(path, `${passphrase}\n`, { mode: 0o600 });
  const sealed = (await opened({ kind: 'passphrase', passphrase })).seal('text', place);

  await expect(open()).rejects.toThrow(/DROVER_SECRETS_PASSPHRASE/);
  await expect(open({ kind: 'passphrase', passphrase: 'wrong horse battery' })).rejects.toThrow(/right key/);
  await expect(open({ kind: 'passphrase', passphrase: 'short' })).rejects.toThrow(/fewer than 12/);
  expect((await opened({ kind: 'passphrase-file', path })).open(sealed, place)).toBe('text');
  expect((await open()).open(sealed, place)).toBe('text');
  expect(await recorded()).not.toContain(passphrase);
});

test('a command prints the key; one that fails is refused with its first words', async () => {
  const path = await keyFile('key');
  const sealed = (await opened({ kind: 'command', argv: ['cat', path] })).seal('text', place);

  await expect(open()).rejects.toThrow(/--secrets-key-command/);
  await expect(open({ kind: 'command', argv: ['cat', join(dir, 'none')] })).rejects.toThrow(/none: No such/);
  await expect(open({ kind: 'command', argv: ['no-such-program'] })).rejects.toThrow(/ENOENT/);
  expect((await open({ kind: 'command', argv: ['cat', path] })).open(sealed, place)).toBe('text');
  expect((await open({ kind: 'file', path })).open(sealed, place)).toBe('text');
});

test('a new data key seals from then on, and the old one opens until the process ends', async () => {
  const keyring = await opened();
  const old = keyring.seal('old', place);

  expect(await keyring.addKey()).toBe(2);
  const sealed = keyring.seal('new', place);
  expect((await open()).open(old, place)).toBe('old');
  expect(await keyring.dropOlder(2)).toEqual([1]);

  expect([keyring.open(old, place), keyring.open(sealed, place)]).toEqual(['old', 'new']);
  const after = await open();
  expect(after.open(sealed, place)).toBe('new');
  expect(() => after.open(old, place)).toThrow(/data key 1 is not there/);
});

test('the key-encryption key changes while running, and the old one opens nothing any more', async () => {
  const [path, passphraseFile] = [await keyFile('key'), join(dir, 'passphrase')];
  await writeFile(passphraseFile, 'correct horse battery staple', { mode: 0o600 });
  const keyring = await opened({ kind: 'file', path });
  const sealed = keyring.seal('text', place);

  await keyring.addKey({ kind: 'passphrase-file', path: passphraseFile });

  await expect(open({ kind: 'file', path })).rejects.toThrow(/was last opened by the passphrase in/);
  const after = await open();
  expect([after.open(sealed, place), after.current]).toEqual(['text', 2]);
});

test('a new key-encryption key that cannot be read changes nothing', async () => {
  const keyring = await opened();
  const before = await recorded();

  await expect(keyring.addKey({ kind: 'file', path: join(dir, 'none') })).rejects.toThrow(/is not there/);

  expect([await recorded(), keyring.current]).toEqual([before, 1]);
});

test('a damaged keyring is refused by name', async () => {
  await opened();
  await writeFile(join(dataDir, 'keys/secrets.json'), '{"version":1}');

  await expect(open()).rejects.toThrow(/secrets\.json: it is damaged; restore it from a backup/);
});
