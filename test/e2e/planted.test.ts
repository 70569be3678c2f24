// Every secret that a controller is ever given, or makes, and none of them in what it tells: logs, what it prints, the audit
// trail in all its copies, events, the support bundle.
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Client, createClient, secrets, signInMethods, users } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../packages/controller/src/server/test-browser.ts';
import { openProvider, type TestProvider } from '../../packages/controller/src/server/test-provider.ts';
import { lacksSshd, startSshd } from '../../packages/ssh/src/testing/sshd.ts';
import { codeOf, untilStepIsYoung } from '../harness/authenticator-app.ts';
import { makeOwnCertificate } from '../harness/certificate.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { waitFor } from '../harness/wait.ts';

const planted = new Planted();
const password = planted.plant('a password', 'planted-password-4711');
let controller: ControllerProcess;
let client: Client;
let provider: TestProvider;
let syslog: Socket;
let received = '';
let dir: string;

const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await drover(controller, args, { input, cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout.trim();
};
const browser = (start: object = {}) => openBrowser(controller.context, start);
const makeSecret = (name: string, stringData: Readonly<Record<string, string>>) =>
  client.create(secrets, {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } },
    stringData,
  });
/** The value of a cookie that was set. */
const cookieIn = (header: unknown, name: string): string =>
  new RegExp(`${name}=([^;]+)`).exec(String(header))?.[1] ?? '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-planted-'));
  syslog = createSocket('udp4').on('message', (message) => {
    received += `${message.toString()}\n`;
  });
  await new Promise<void>((resolve) => syslog.bind(0, '127.0.0.1', resolve));
  await writeFile(join(dir, 'backup'), `${planted.plant('a backup passphrase', 'planted backup 4711')}\n`, {
    mode: 0o600,
  });
  const sink = `udp://127.0.0.1:${(syslog.address() as AddressInfo).port}`;
  const backups = ['--backup-dir', join(dir, 'backups'), '--backup-passphrase-file', join(dir, 'backup')];
  controller = await ControllerProcess.start({
    args: ['--log-level', 'debug', '--audit-syslog', sink, ...backups],
  });
  client = createClient(controller.context);
  planted.plant('the token of the administrator', controller.context.token);
  // Whoever has started it is shown this one.
  planted.plant('the first link', /sign-in\?link=(\S+)/.exec(controller.output())?.[1] ?? '', 'stdout.log');
}, 60_000);
afterAll(async () => {
  client?.close();
  await provider?.close();
  await controller?.close();
  syslog?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

test('passwords, codes, links, cookies and tokens of people and programs', async () => {
  await client.create(users, { metadata: { name: 'ann' }, spec: {} });
  await client.setPassword('ann', password);
  const wrong = planted.plant('a wrong password', 'planted-wrong-4711');
  for (const typed of [
    { user: 'ann', password: wrong },
    { user: password, password },
    { user: 'ann', password: 7, code: wrong },
  ])
    expect((await browser().send('POST', '/auth/sign-in', typed)).code).toBeGreaterThan(400);
  expect((await browser().submit('/auth/sign-in', { user: wrong, password: wrong })).code).toBe(401);

  const one = browser();
  expect((await one.send('POST', '/auth/sign-in', { user: 'ann', password })).code).toBe(200);
  planted.plant('a session cookie', cookieIn(one.cookie(), 'session'));
  const app = (await one.send('POST', '/auth/totp', { password })).json() as { readonly secret: string };
  planted.plant('the secret of an app', app.secret);
  await untilStepIsYoung();
  const code = planted.plant('a code', codeOf(app.secret, -1));
  const { recoveryCodes } = (await one.send('POST', '/auth/totp/confirm', { code })).json() as {
    readonly recoveryCodes: readonly string[];
  };
  for (const each of recoveryCodes) planted.plant('a recovery code', each);
  const next = planted.plant('the next code', codeOf(app.secret));
  for (const typed of ['000000', next, next, recoveryCodes[0]])
    await browser().send('POST', '/auth/sign-in', { user: 'ann', password, code: typed });

  const link = planted.plant('a link', (await client.createLink('ann', 900)).path.split('link=')[1] ?? '');
  const entered = await browser().send('GET', `/sign-in?link=${link}`);
  planted.plant('a cookie by a link', cookieIn(entered.headers['set-cookie'], 'session'));
  expect((await browser().send('GET', `/sign-in?link=${link}`)).code).toBe(401);

  const { token } = await client.createToken({ description: 'planted' });
  planted.plant('an API token', token);
  await must(['apply', '-f', '-'], '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"ci"}}');
  const account = await client.createAccountToken({ namespace: 'default', name: 'ci' }, 900);
  planted.plant('the token of a service account', account);
  for (const bearer of [token, account, planted.plant('a token of ours that is none', `${token}x`)])
    await browser({ bearer }).send('DELETE', `/api/v1/namespaces/default/configmaps/none?token=${token}`);
  await browser({
    cookie: `__Host-drover-session=${planted.plant('a wrong cookie', 'planted-cookie-4711')}`,
  }).send('DELETE', '/api/v1/namespaces/default/configmaps/none');
  const join1 = /DROVER_TOKEN=['"]?([^\s'"]+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  planted.plant('a join token', join1.split('.')[1] ?? '');
});

test('what a provider is asked with and answers', async () => {
  const { keyPem, certPem } = await makeOwnCertificate();
  const secret = planted.plant('the secret at a provider', 'planted-client-4711');
  const redirects = [`${controller.context.address}/auth/oidc/corp/callback`];
  provider = await openProvider({ keyPem, certPem, caPem: certPem }, { id: 'drover', secret, redirects });
  provider.claims.set('s-1', { preferred_username: 'olga', groups: [] });
  await makeSecret('corp', { secret });
  const clientSecret = { namespace: 'default', name: 'corp', key: 'secret' };
  const oidc = { issuer: provider.issuer, clientId: 'drover', clientSecret, caPem: certPem };
  await client.create(signInMethods, {
    metadata: { name: 'corp' },
    spec: { oidc: { ...oidc, scopes: ['profile'] } },
  });
  for (const isForged of [false, true]) {
    const one = browser();
    const begun = await one.send('GET', '/auth/oidc/corp/start');
    planted.plant('the cookie of a provider', cookieIn(begun.headers['set-cookie'], 'provider'));
    const back = new URL(await provider.signIn(String(begun.headers['location']), 's-1'));
    for (const name of ['code', 'state'])
      planted.plant(`the ${name} of a provider`, back.searchParams.get(name) ?? '');
    if (isForged) back.searchParams.set('code', planted.plant('a forged code', 'planted-forged-4711'));
    const answer = await one.send('GET', back.href.slice(controller.context.address.length));
    expect(answer.code).toBe(isForged ? 401 : 200);
    if (!isForged) planted.plant('a cookie by a provider', cookieIn(answer.headers['set-cookie'], 'session'));
  }
});

test.skipIf(lacksSshd)('the password and the key with which servers are signed in to', async () => {
  const sshd = await startSshd(dir);
  try {
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'other')]);
    const key = await readFile(join(dir, 'other'), 'utf8');
    for (const line of key.split('\n').slice(1, -2)) planted.plant('a line of an SSH key', line);
    await makeSecret('by-key', { 'ssh-privatekey': key });
    await makeSecret('by-password', { password: planted.plant('an SSH password', 'planted-ssh-4711') });
    const { user, port } = sshd;
    const hostKeys = [{ host: `127.0.0.1:${port}`, fingerprint: sshd.fingerprint('ed25519') }];
    for (const secretName of ['by-key', 'by-password']) {
      const spec = { hosts: [{ names: '127.0.0.1', user, port }], credentials: { secretName }, hostKeys };
      const object = {
        apiVersion: 'drover.dev/v1alpha1',
        kind: 'SSHEnrollment',
        metadata: { name: secretName },
      };
      await must(['apply', '-f', '-'], JSON.stringify({ ...object, spec }));
    }
    await waitFor('both to be refused', async () => {
      const found = JSON.parse(await must(['get', 'sshenrollments', '-o', 'json'])) as {
        readonly items: readonly { readonly status?: { readonly hosts?: readonly { phase: string }[] } }[];
      };
      return found.items.every(({ status }) => status?.hosts?.[0]?.phase === 'Failed');
    });
  } finally {
    await sshd.close();
  }
});

/** A body as it is, whatever it says of itself. */
const post = (path: string, body: string, headers: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve, reject) => {
    const { address, caPem, token } = controller.context;
    const authorization = `Bearer ${token}`;
    const options = { method: 'POST', ca: caPem, agent: false, headers: { authorization, ...headers } };
    request(`${address}${path}`, options, (answer) =>
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
    )
      .on('error', reject)
      .end(body);
  });

test('passphrases, and bodies that cannot be read', async () => {
  const passphrase = planted.plant('the passphrase of one backup', 'planted once 4711');
  const { id } = await client.makeBackup({ passphrase });
  expect(id).not.toBe('');
  await expect(client.makeBackup({ passphrase, key: passphrase })).rejects.toThrow('cannot back up');
  const kek = planted.plant('the passphrase of the keyring', 'planted keyring 4711');
  await writeFile(join(dir, 'keyring'), `${kek}\n`, { mode: 0o600 });
  await must(['secrets', 'rotate-key', '--new-passphrase-file', join(dir, 'keyring')]);
  await client
    .rotateKey({ keyFile: planted.plant('a passphrase in place of a path', 'planted path 4711') })
    .catch(() => undefined);
  const broken = `{"user":"ann","password":"${planted.plant('a password that is cut off', 'planted-cut-4711')}`;
  for (const type of [
    'application/json',
    'application/yaml',
    'application/x-www-form-urlencoded',
    'text/plain',
  ])
    for (const path of ['/auth/sign-in', '/api/v1/namespaces/default/secrets', '/backups'])
      expect(await post(path, broken, { 'content-type': type }), `${type} ${path}`).toBeGreaterThanOrEqual(
        400,
      );
});

test('none of them is in anything that the controller tells, while it serves and after it was killed', async () => {
  await controller.kill9();
  await controller.start();
  client.close();
  client = createClient(controller.context);
  expect(planted.size).toBeGreaterThan(lacksSshd ? 30 : 36);
  const { head } = await client.audit.verify();
  await waitFor('syslog to have the last row', () => received.includes(head.hash));
  expect(await planted.toldBy(controller, { syslog: received })).toEqual([]);
});
