// What a transfer promises (docs/protocol.md sections 4 and 5), with a real controller, real agents and the real CLI.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TransferGround } from '../harness/transfer-ground.ts';
import { bytesOnDisk, describeTree, writeRandom, writeSparse } from '../harness/tree.ts';

const mib = 1 << 20;
let ground: TransferGround;

beforeAll(async () => {
  ground = await TransferGround.open(['n1', 'n2'], { tiny: 16 * mib });
});
afterAll(() => ground?.close());

const bytesPath = (directory: string, name: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)]);

/** Everything that a tree of files can hold and a transfer must keep. */
const makeOddTree = (root: string): void => {
  mkdirSync(join(root, 'empty directory'), { recursive: true });
  mkdirSync(join(root, 'deep/er/still'), { recursive: true });
  const names = [
    'plain',
    'two  spaces ',
    'new\nline',
    '100%',
    '%41',
    'tab\t',
    '-n',
    'quote\'"`$x',
    '\\',
    '*',
    'ÄÖ 漢字 🐄',
    'e\u0301',
    '\u202e',
    '\x1b[31m',
    '.hidden',
  ];
  for (const name of names) writeFileSync(join(root, name), `in ${name}`);
  for (const name of [[0xff, 0xfe], [0x80], [0x61, 0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf]])
    writeFileSync(bytesPath(root, name), `in ${name}`);
  writeFileSync(join(root, 'n'.repeat(255)), 'long');
  writeFileSync(join(root, 'empty'), '');
  writeRandom(join(root, 'deep/er/still/big'), 3 * mib + 17);
  writeSparse(join(root, 'holes'), 40 * mib + 5, [0, 8 * mib, 33 * mib + 4000], 'data between holes');
  writeSparse(join(root, 'only a hole'), 20 * mib, [], '');
  symlinkSync('plain', join(root, 'link'));
  symlinkSync('/no/such/place', join(root, 'dangling'));
  symlinkSync('.', join(root, 'to itself'));
  symlinkSync(Buffer.from([0x2e, 0x2f, 0xff, 0x25]), join(root, 'odd target'));
  linkSync(join(root, 'plain'), join(root, 'hard link'));
  ['plain', 'empty', 'link', '100%', 'holes'].forEach((name, i) => {
    lutimesSync(join(root, name), 1_000_000_000 + i * 0.123, 1_000_000_000 + i * 0.123);
  });
  [0o400, 0o755, 0o000, 0o777, 0o640].forEach((mode, i) => {
    const file = join(root, `mode ${mode.toString(8)}`);
    writeFileSync(file, String(i));
    chmodSync(file, mode);
  });
  chmodSync(join(root, 'empty directory'), 0o700);
  utimesSync(join(root, 'deep/er'), 1e9, 1e9 + 0.5);
};

test('a tree with odd names, links, holes and modes is the same after a push and after a pull', async () => {
  const source = join(ground.work, 'odd');
  makeOddTree(source);
  const pushed = await ground.push('n1', 'odd', 'odd');
  expect(pushed.cli, pushed.cli.stderr).toMatchObject({ code: 0 });
  expect(describeTree(ground.on('n1', 'odd'))).toEqual(describeTree(source));
  const pulled = await ground.drover('pull', '-n', 'n1', join(ground.path, 'odd'), 'back');
  expect(pulled, pulled.stderr).toMatchObject({ code: 0 });
  expect(describeTree(join(ground.work, 'back/n1/odd'))).toEqual(describeTree(source));
  for (const copy of [ground.on('n1', 'odd'), join(ground.work, 'back/n1/odd')])
    for (const name of ['holes', 'only a hole']) expect(bytesOnDisk(join(copy, name))).toBeLessThan(mib);
});

test('what is neither file, directory nor link is refused by name, and the rest arrives', async () => {
  const source = join(ground.work, 'special');
  mkdirSync(source);
  writeFileSync(join(source, 'good'), 'good');
  execFileSync('mkfifo', [join(source, 'a pipe')]);
  execFileSync('mknod', [join(source, 'null'), 'c', '1', '3']);
  const server = createServer().listen(join(source, 'socket'));
  const pushed = await ground.push('n1', 'special', 'special');
  expect(pushed.cli.code).toBe(1);
  for (const said of ['a pipe: it is a fifo', 'null: it is a device', 'socket: it is a socket'])
    expect(pushed.cli.stderr).toContain(said);
  expect(readdirSync(ground.on('n1', 'special'))).toEqual(['good']);
  execFileSync('mkfifo', [ground.on('n1', 'special/a pipe')]);
  const pulled = await ground.drover('pull', '-n', 'n1', join(ground.path, 'special'), 'special-back');
  expect(pulled.code).toBe(1);
  expect(pulled.stderr).toContain('a pipe: it is a fifo');
  expect(readdirSync(join(ground.work, 'special-back/n1/special'))).toEqual(['good']);
  server.close();
});

test('a file does not replace a fifo or a directory, and says so', async () => {
  mkdirSync(join(ground.work, 'in the way'));
  writeFileSync(join(ground.work, 'in the way/a'), 'new');
  writeFileSync(join(ground.work, 'in the way/b'), 'new');
  mkdirSync(ground.on('n1', 'in the way/a'), { recursive: true });
  execFileSync('mkfifo', [ground.on('n1', 'in the way/b')]);
  const { cli, detail } = await ground.push('n1', 'in the way', 'in the way');
  expect(cli.code).toBe(1);
  expect(detail.refused).toEqual([
    { path: 'a', reason: 'a directory is in the way' },
    { path: 'b', reason: 'a fifo is in the way' },
  ]);
  expect(lstatSync(ground.on('n1', 'in the way/a')).isDirectory()).toBe(true);
  // one file and no tree: its own name in a message is where it was to go
  const where = join(ground.path, 'in the way/a');
  const single = await ground.drover('push', 'in the way/a', `:${where}`, '-n', 'n1');
  expect(single.stderr).toContain(`1 refused, first ${where}: a directory`);
  expect(single.stdout).toContain(`  ${where}: refused: a directory`);
});

test('the same content is stored once, sent once per node, and not at all the second time', async () => {
  writeRandom(join(ground.work, 'twice'), 8 * mib);
  const first = await ground.push('n[1-2]', 'twice', 'twice');
  for (const { result } of first.tasks) expect(result?.detail).toMatchObject({ bytesSent: 8 * mib });
  const stored = await ground.storedBytes();
  const second = await ground.push('n[1-2]', 'twice', 'twice');
  expect(second.cli, second.cli.stderr).toMatchObject({ code: 0 });
  for (const { result } of second.tasks)
    expect(result?.detail).toMatchObject({ changed: false, bytesSent: 0, bytesSkipped: 8 * mib });
  expect(await ground.storedBytes()).toBe(stored);
  const elsewhere = await ground.push('n1', 'twice', 'elsewhere', '--mode', '0600');
  expect(elsewhere.detail.bytesSent).toBe(8 * mib);
  expect(await ground.storedBytes()).toBe(stored);
});

test('only the files of a tree that differ are sent', async () => {
  mkdirSync(join(ground.work, 'site'));
  for (const name of ['a', 'b', 'c']) writeRandom(join(ground.work, 'site', name), 100_000);
  await ground.push('n1', 'site', 'site');
  writeFileSync(join(ground.work, 'site/b'), 'shorter');
  const { detail } = await ground.push('n1', 'site', 'site');
  expect(detail).toMatchObject({ changed: true, bytesSent: 7, bytesSkipped: 200_000 });
  expect(detail.changes.filter(({ path }) => path !== '')).toEqual([{ path: 'b', action: 'update' }]);
  expect(describeTree(ground.on('n1', 'site'))).toEqual(describeTree(join(ground.work, 'site')));
});

test('an answer that is longer than a pipe takes at once is whole', async () => {
  mkdirSync(join(ground.work, 'long names'));
  for (let i = 0; i < 1000; i++) writeFileSync(join(ground.work, 'long names', `${i}`.padEnd(240, 'x')), 'x');
  const { cli, tasks } = await ground.push('n[1-2]', 'long names', 'long names');
  expect(cli.stdout.length).toBeGreaterThan(512 * 1024);
  expect(tasks.map(({ node }) => node).sort()).toEqual(['n1', 'n2']);
});

test('a check shows a unified diff and changes nothing', async () => {
  writeFileSync(join(ground.work, 'conf'), 'one\nTWO\nthree\n');
  writeFileSync(ground.on('n1', 'conf'), 'one\ntwo\nthree\n');
  const before = describeTree(ground.on('n1', ''));
  const said = await ground.drover('push', '-n', 'n1', '--check', 'conf', `:${ground.path}/conf`);
  expect(said, said.stderr).toMatchObject({ code: 0 });
  expect(said.stdout).toContain(
    `--- a${ground.path}/conf\n+++ b${ground.path}/conf\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n`,
  );
  const absent = await ground.push('n1', 'conf', 'new place/conf', '--check');
  expect(absent.detail).toMatchObject({ changed: true, bytesSent: 0, changes: [{ action: 'create' }] });
  expect(describeTree(ground.on('n1', ''))).toEqual(before);
});

test('a push that would fill the disk is refused with the figures, and writes nothing', async () => {
  mkdirSync(join(ground.work, 'large'));
  for (const name of ['a', 'b', 'c']) writeRandom(join(ground.work, 'large', name), 8 * mib);
  const { cli, detail, reason } = await ground.push('tiny', 'large', 'large');
  expect(cli.code).toBe(1);
  expect(reason).toMatch(/disk would fill up: \d+ bytes are needed at .*seen\/large and \d+ are free/);
  expect(detail.bytesSent).toBe(0);
  const left = await ground.drover('run', '-n', 'tiny', '--raw', '--', 'find', ground.path);
  expect(left.stdout).toBe(`${ground.path}\n`);
  writeRandom(join(ground.work, 'fits'), 8 * mib);
  expect((await ground.push('tiny', 'fits', 'fits')).cli.code).toBe(0);
});

test('the destination may be a link to a directory, but nothing below it is written through a link', async () => {
  mkdirSync(ground.on('n1', 'real/sub'), { recursive: true });
  symlinkSync('real', ground.on('n1', 'to real'));
  mkdirSync(join(ground.work, 'links/sub'), { recursive: true });
  writeFileSync(join(ground.work, 'links/sub/file'), 'text');
  expect((await ground.push('n1', 'links', 'to real')).cli.code).toBe(0);
  expect(readFileSync(ground.on('n1', 'real/sub/file'), 'utf8')).toBe('text');
  rmSync(ground.on('n1', 'real/sub'), { recursive: true });
  mkdirSync(ground.on('n1', 'outside'));
  symlinkSync('../outside', ground.on('n1', 'real/sub'));
  const { cli, detail } = await ground.push('n1', 'links', 'real');
  expect(cli.code).toBe(1);
  expect(detail.refused.map(({ path }) => path)).toContain('sub/file');
  expect(readdirSync(ground.on('n1', 'outside'))).toEqual([]);
});

const sha256OfText = '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1'; // of "text"
const file = (path: string, more = {}) => ({
  path,
  type: 'file',
  mode: '0644',
  mtimeMs: 0,
  size: 4,
  offset: 0,
  sha256: sha256OfText,
  ...more,
});
const directory = (path: string) => ({ path, type: 'directory', mode: '0755', mtimeMs: 0 });
const head = { version: 1, root: 'directory', content: 'CONTENT', sizeBytes: 4, entries: 2 };

test.each([
  ['a path with ..', [head, directory(''), file('../escaped')]],
  ['a hidden ..', [head, directory(''), file('%2E%2E/escaped')]],
  ['an absolute path', [head, directory(''), file('/escaped')]],
  ['a zero byte', [head, directory(''), file('a%00b')]],
  [
    'a path through a link of its own',
    [
      head,
      directory(''),
      { path: 'l', type: 'symlink', mode: '0777', mtimeMs: 0, target: '..' },
      file('l/escaped'),
    ],
  ],
  ['data beyond the content', [head, directory(''), file('escaped', { size: 5 })]],
  ['a wrong sha256', [head, directory(''), file('escaped', { sha256: '0'.repeat(64) })]],
  ['extents beyond the end', [head, directory(''), file('escaped', { extents: [[2, 9]] })]],
  ['a line that is no JSON object', [head, directory(''), 'x']],
  ['another version', [{ ...head, version: 2 }, directory(''), file('escaped')]],
])('a manifest with %s is refused and nothing is written', async (_, lines) => {
  const before = readdirSync(ground.on('n1', ''));
  const { result } = await ground.pushManifest('n1', lines, 'text', 'crafted/root');
  expect(result).toMatchObject({ exitCode: 1 });
  expect(result?.reason).not.toBe('');
  expect(existsSync(ground.on('n1', 'crafted/escaped'))).toBe(false);
  expect(existsSync(ground.on('n1', 'crafted/root/escaped'))).toBe(false);
  rmSync(ground.on('n1', 'crafted'), { recursive: true, force: true });
  expect(readdirSync(ground.on('n1', ''))).toEqual(before);
});

test('owner and mode are as asked, also where the content is the same', async () => {
  writeFileSync(join(ground.work, 'owned'), 'x', { mode: 0o644 });
  await ground.push('n1', 'owned', 'owned');
  const { detail } = await ground.push('n1', 'owned', 'owned', '--owner', 'daemon:mail', '--mode', '0640');
  expect(detail).toMatchObject({ changed: true, bytesSent: 0 });
  const { uid, gid, mode } = statSync(ground.on('n1', 'owned'));
  expect([uid, gid, mode & 0o7777]).toEqual([1, 8, 0o640]);
  const wrong = await ground.push('n1', 'owned', 'owned', '--owner', 'nobody-of-that-name');
  expect(wrong.cli.code).toBe(1);
  expect(wrong.reason).toContain('unknown user: nobody-of-that-name');
});

test('a pull of what is not there fails on that node by name, and the others come', async () => {
  writeFileSync(ground.on('n2', 'only here'), 'here');
  const pulled = await ground.drover('pull', '-n', 'n[1-2]', `${ground.path}/only here`, 'partly');
  expect(pulled.code).toBe(1);
  expect(pulled.stdout + pulled.stderr).toMatch(/n1\b(.|\n)*no such file: .*only here/);
  expect(readFileSync(join(ground.work, 'partly/n2/only here'), 'utf8')).toBe('here');
  expect(existsSync(join(ground.work, 'partly/n1'))).toBe(false);
});
