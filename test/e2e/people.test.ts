// People with the real CLI, kubectl and a terminal against a real controller: passwords, links, codes, tokens, and that
// none of their secrets is told anywhere.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeAt, stepOf } from '../../packages/controller/src/auth/people/totp.ts';
import { type CliResult, drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { Pty } from '../harness/pty.ts';
import { rowsInDatabase } from '../harness/rows.ts';
import { waitFor } from '../harness/wait.ts';

const planted = new Planted();
const password = planted.plant('a password', 'planted-password-4711');
let controller: ControllerProcess;
let dir: string;

const drover = (args: readonly string[], input = ''): Promise<CliResult> =>
  cli(controller, args, { input, cwd: dir });
const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await drover(args, input);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};
/** The CLI as somebody who has signed in, by context. */
const as = (name: string) => ({ contextFile: join(dir, `${name}.json`) });
const signInArgs = (user: string) => [
  'login',
  controller.context.address,
  ...['--ca-file', join(dir, 'ca.pem'), '--user', user, '--as', user],
];
/** Keeps the context of a login as a file of its own. */
const keep = async (user: string): Promise<void> => {
  const text = await readFile(join(dir, 'config.json'), 'utf8');
  const { contexts } = JSON.parse(text) as { readonly contexts: Readonly<Record<string, { token: string }>> };
  planted.plant('the token of a login', contexts[user]?.token ?? '');
  await writeFile(as(user).contextFile, JSON.stringify(contexts[user]));
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-people-'));
  process.env['DROVER_CONFIG'] = join(dir, 'config.json');
  controller = await ControllerProcess.start({ args: ['--log-level', 'debug'] });
  await writeFile(join(dir, 'ca.pem'), controller.context.caPem);
});
afterAll(async () => {
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

test('a password is typed unseen, and signs in as a person who may what their group may', async () => {
  await must(['user', 'create', 'alice', '--display-name', 'Alice']);
  await must(['user', 'passwd', 'alice'], `${password}\n`);
  await must(['group', 'create', 'lookers', '--member', 'alice']);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'lookers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'lookers' }],
  };
  await must(['apply', '-f', '-'], JSON.stringify(binding));
  const terminal = Pty.drover(controller, ...signInArgs('alice'));
  await terminal.shows(/Password of alice: $/);
  terminal.type(`wrong${'\u007f'.repeat(5)}${password}\r`);
  expect(await terminal.ended).toBe(0);
  expect(terminal.shown).not.toContain('planted');
  expect(terminal.shown).toContain('signed in to');
  await keep('alice');
  expect((await cli(as('alice'), ['nodes'])).code).toBe(0);
  const refused = await cli(as('alice'), ['user', 'list']);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('"alice" cannot list resource "users"'),
  ]);
});

test('somebody who acts as an administrator by a link of the command line is one', async () => {
  const link = (await must(['user', 'link', 'admin'])).trim();
  planted.plant('a link', link.split('=')[1] ?? '');
  await must(['login', '--link', link, '--ca-file', join(dir, 'ca.pem'), '--as', 'root']);
  expect((await drover(['login', '--link', link, '--ca-file', join(dir, 'ca.pem')])).stderr).toContain(
    'used up',
  );
});

const fromBase32 = (text: string): Buffer => {
  const digit = (c: string) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const bytes = [...text].map(digit).join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
};

test('a second factor that is asked of somebody is enrolled at the next sign-in, and asked for from then on', async () => {
  const patch = '{"spec":{"requireSecondFactor":true}}';
  await must(['patch', 'user', 'alice', '-p', patch]);
  const terminal = Pty.drover(controller, ...signInArgs('alice'));
  await terminal.shows(/Password of alice: $/);
  terminal.type(`${password}\r`);
  await terminal.shows(/Code of the app: $/);
  const secret = /otpauth:\S*?secret=([A-Z2-7]+)/.exec(terminal.shown)?.[1] ?? '';
  planted.plant('the secret of an app', secret);
  const bytes = fromBase32(secret);
  // A code is of a step of 30 s and the one before: one that is typed at the end of a step would arrive in the next.
  await waitFor('a step of codes that does not end soon', () => Date.now() % 30_000 < 22_000, 10_000);
  const first = planted.plant('a code', codeAt(bytes, stepOf(Date.now()) - 1));
  terminal.type(`${first}\r`);
  await terminal.shows(/The next code of the app, or a recovery code: $/);
  const codes = terminal.shown.match(/\b([a-z2-7]{4}-){3}[a-z2-7]{4}\b/g) ?? [];
  expect(codes).toHaveLength(10);
  for (const each of codes) planted.plant('a recovery code', each);
  const next = planted.plant('the next code', codeAt(bytes, stepOf(Date.now())));
  terminal.type(`${next}\r`);
  expect(await terminal.ended).toBe(0);
  const lacking = await drover(signInArgs('alice'), `${password}\n`);
  expect([lacking.code, lacking.stderr]).toEqual([2, expect.stringContaining('Code:')]);
  await must(signInArgs('alice'), `${password}\n${codes[0]}\n`);
  const again = await drover(signInArgs('alice'), `${password}\n${codes[0]}\n`);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('password or code is wrong')]);
  await keep('alice');
});

test('an API token with bounds is less than its owner, and gone when it is revoked', async () => {
  const made = await cli(as('alice'), ['api-token', 'create', 'for ci', '--allow', 'get,list:nodes']);
  const token = made.stdout.trim();
  planted.plant('an API token', token);
  await writeFile(as('ci').contextFile, JSON.stringify({ ...controller.context, token }));
  expect((await cli(as('ci'), ['get', 'nodes'])).code).toBe(0);
  expect((await cli(as('ci'), ['get', 'namespaces'])).stderr).toContain('bounds of the token');
  expect((await cli(as('ci'), ['api-token', 'create', 'more'])).code).toBe(1);
  const listed = await cli(as('alice'), ['api-token', 'list']);
  const line = listed.stdout.split('\n').find((one) => one.includes('for ci')) ?? '';
  expect(line).toContain('get,list:nodes');
  expect(listed.stdout).not.toContain(token);
  await cli(as('alice'), ['api-token', 'revoke', line.split(' ')[0] ?? '']);
  expect((await cli(as('ci'), ['get', 'nodes'])).code).toBe(1);
});

test('who is disabled loses what is open at once, also after kill -9 and a restart', async () => {
  const watching = Pty.drover(as('alice'), 'get', 'nodes', '-w');
  await watching.shows(/NAME/);
  await must(['user', 'disable', 'alice']);
  expect(await watching.ended).toBe(1);
  expect(watching.shown).toContain('not signed in');
  await controller.kill9();
  await controller.start();
  expect((await cli(as('alice'), ['nodes'])).stderr).toContain('not signed in');
  await must(['user', 'enable', 'alice']);
  expect((await cli(as('alice'), ['nodes'])).code).toBe(0);
  await must(['user', 'delete', 'alice', '--yes']);
  await must(['user', 'create', 'alice']);
  expect((await cli(as('alice'), ['nodes'])).stderr).toContain('not signed in');
});

test('no log, no table and no database holds a password, code, link or token', async () => {
  const isInFiles = controller.storeUrl === undefined;
  const files = isInFiles ? ['drover.db', 'drover.db-wal'] : [];
  const texts = await Promise.all(
    files.map(async (name) => [name, await readFile(join(controller.dataDir, name), 'latin1')] as const),
  );
  const rows = Object.entries(await rowsInDatabase(controller)).filter(([, text]) => text !== '');
  expect(rows.length > 0).toBe(!isInFiles);
  expect(planted.size).toBeGreaterThan(16);
  const told = await planted.toldBy(controller, {
    ...Object.fromEntries([...texts, ...rows]),
    users: await must(['get', 'users', '-o', 'yaml']),
  });
  // The secret of the app has to be read back to reckon codes: its bytes are in the database, its text nowhere.
  expect(told).toEqual([]);
});
