// People of a real directory sign in to a real controller.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../../packages/client/src/index.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { missingForSlapd, Slapd, searcher, suffix } from '../harness/slapd.ts';

const missing = missingForSlapd();
const mustRun = process.env['CI'] === 'true';
const isSkipped = missing !== undefined && !mustRun;
if (missing !== undefined) process.stdout.write(`no directory is signed in from: ${missing} is missing\n`);

const planted = new Planted();
const password = planted.plant('a password of the directory', 'planted-ldap-4711');
planted.plant('the password of the searcher', searcher.password);
let controller: ControllerProcess;
let slapd: Slapd;

const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await cli(controller, args, { input });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const method = (ldap: object, more: object = {}) => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'SignInMethod',
  metadata: { name: 'directory' },
  spec: {
    ldap: {
      userBase: `ou=people,${suffix}`,
      groupBase: `ou=groups,${suffix}`,
      bindDn: searcher.dn,
      bindPassword: { namespace: 'default', name: 'directory', key: 'password' },
      ...ldap,
    },
    ...more,
  },
});
const apply = (object: object): Promise<string> => must(['apply', '-f', '-'], JSON.stringify(object));

/** What signing in is answered with: the cookie, or why not. */
const signIn = async (
  user: string,
  typed: string,
): Promise<{ readonly code: number; readonly text: string; readonly cookie: string }> => {
  const { address, caPem } = controller.context;
  const client = createClient({ address, caPem, token: '' });
  try {
    const answer = await client.http.open({
      method: 'POST',
      path: '/auth/sign-in',
      body: { user, password: typed },
    });
    answer.resume();
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    planted.plant(`a cookie of ${user}`, cookie.split('=')[1] ?? '');
    return { code: 200, text: '', cookie };
  } catch (error) {
    const { code = 0, message = '' } = error as { readonly code?: number; readonly message?: string };
    return { code, text: message, cookie: '' };
  } finally {
    client.close();
  }
};

const groupsOf = async (cookie: string): Promise<unknown> => {
  const { address, caPem } = controller.context;
  const client = createClient({ address, caPem, token: '' });
  const headers = { cookie, 'x-drover-request': 'test' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  try {
    const review = await client.http.json<{ status: { userInfo: { groups: unknown } } }>({
      method: 'POST',
      path,
      headers,
      body: {},
    });
    return review.status.userInfo.groups;
  } finally {
    client.close();
  }
};

beforeAll(async () => {
  if (isSkipped) return;
  expect(missing).toBeUndefined();
  slapd = await Slapd.start([
    { uid: 'lena', password, groups: ['ops', 'dev'] },
    { uid: 'Max', password, groups: ['dev'] },
    { uid: 'admin', password, groups: [] },
    { uid: 'local', password, groups: [] },
  ]);
  controller = await ControllerProcess.start({ args: ['--log-level', 'debug'] });
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'directory', namespace: 'default' },
    stringData: { password: searcher.password },
  });
  await apply(method({ url: slapd.ldapsUrl, caPem: slapd.caPem }, { groupPrefix: 'ldap:' }));
});
afterAll(async () => {
  await controller?.close();
  await slapd?.close();
});

test.skipIf(isSkipped)(
  'somebody of the directory signs in with its password, and has its groups',
  async () => {
    const entered = await signIn('lena', password);
    expect(entered).toMatchObject({ code: 200 });
    expect(await groupsOf(entered.cookie)).toEqual(['ldap:dev', 'ldap:ops', 'system:authenticated']);
    const user = JSON.parse(await must(['get', 'user', 'lena', '-o', 'json'])) as object;
    expect(user).toMatchObject({
      spec: { displayName: 'lena of the directory', email: 'lena@example.org' },
      status: { identities: [{ method: 'directory', subject: expect.stringMatching(/^[0-9a-f-]{36}$/) }] },
    });
    expect((await signIn('MAX', password)).code).toBe(200);
    expect(await must(['get', 'user', 'max'])).toContain('directory');
    const rows = await must(['audit', 'list', '-o', 'json', '--verb', 'sign-in']);
    const of = { resource: 'sessions', decision: 'allow', reason: 'by directory', address: '127.0.0.1' };
    expect(JSON.parse(rows)).toMatchObject([
      { ...of, user: 'max' },
      { ...of, user: 'lena' },
    ]);
  },
);

test.skipIf(isSkipped)(
  'a wrong or empty password, a filter in place of a name and a stranger do not',
  async () => {
    const tries = [
      ['lena', 'wrong'],
      ['lena', ''],
      ['*', password],
      ['lena)(uid=*', password],
      ['l\\2aena', password],
      ['len*', password],
      ['nobody', password],
      // By mistake.
      [password, password],
      [planted.plant('a password for a name', 'planted-name-4711'), ''],
    ] as const;
    for (const [user, typed] of tries)
      expect(await signIn(user, typed), user).toMatchObject({
        code: 401,
        text: expect.stringContaining('is wrong'),
      });
  },
);

test.skipIf(isSkipped)(
  'no password of the directory makes anybody the first administrator or who is here already',
  async () => {
    await must(['user', 'create', 'local']);
    await must(
      ['user', 'passwd', 'local'],
      `${planted.plant('a password of ours', 'another password here')}\n`,
    );
    expect((await signIn('local', 'another password here')).code).toBe(200);
    for (const user of ['admin', 'local'])
      expect(await signIn(user, password)).toMatchObject({
        code: 403,
        text: expect.stringContaining('already'),
      });
  },
);

test.skipIf(isSkipped)('a second factor is asked of people of the directory too', async () => {
  await must(['patch', 'user', 'lena', '-p', '{"spec":{"requireSecondFactor":true}}']);
  const { cookie } = await signIn('lena', password);
  const { address, caPem } = controller.context;
  const client = createClient({ address, caPem, token: '' });
  const nodes = client.http.json({ path: '/api/v1/nodes', headers: { cookie } });
  await expect(nodes).rejects.toThrow('bounds of the token or session');
  client.close();
});

test.skipIf(isSkipped)(
  'TLS is begun where it is asked for, and a certificate that is not trusted is refused',
  async () => {
    await apply(method({ url: slapd.ldapUrl, startTls: true, caPem: slapd.caPem }, { groupPrefix: 'ldap:' }));
    expect((await signIn('max', password)).code).toBe(200);
    for (const ldap of [{ url: slapd.ldapsUrl }, { url: slapd.ldapUrl, startTls: true }]) {
      const trusting = controller.context.caPem;
      await apply(method({ ...ldap, caPem: trusting }));
      expect((await signIn('max', password)).code).toBe(503);
    }
    const plain = await cli(controller, ['apply', '-f', '-'], {
      input: JSON.stringify(method({ url: 'ldap://directory.example.org' })),
    });
    expect(plain).toMatchObject({ code: 1, stderr: expect.stringContaining('use TLS') });
  },
);

test.skipIf(isSkipped)(
  'a directory that is away is said to be, and those with a password here are not kept out',
  async () => {
    await apply(method({ url: slapd.ldapsUrl, caPem: slapd.caPem }));
    await slapd.stop();
    expect(await signIn('max', password)).toMatchObject({
      code: 503,
      text: expect.stringContaining('directory'),
    });
    expect((await signIn('local', 'another password here')).code).toBe(200);
    await slapd.run();
    const log = await readFile(join(controller.dataDir, 'controller.log'), 'utf8');
    expect(log).toContain('cannot ask a directory');
    expect(planted.size).toBeGreaterThan(6);
    expect(await planted.toldBy(controller)).toEqual([]);
  },
);
