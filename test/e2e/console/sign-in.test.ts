// Every way to sign in, in a real browser, from a deep link to the page that it names; and sessions that end on the way.
import { type Client, configMaps, createClient, secrets, signInMethods, users } from '@drover/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProvider, type TestProvider } from '../../../packages/controller/src/server/test-provider.ts';
import { codeOf, untilStepIsYoung } from '../../harness/authenticator-app.ts';
import { makeOwnCertificate, type OwnCertificate } from '../../harness/certificate.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

const password = 'planted-ways-4711';
const configs = '/console/kinds/core/v1/configmaps';
const deep = `${configs}?q=kept&wide=yes`;
let ground: ConsoleGround;
let client: Client;
let provider: TestProvider;

const must = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await drover(ground.controller, args, { input });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout.trim();
};

/** Whoever signs in may do everything: what is looked at here is who. */
const everybody = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'everybody' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
};

/** An OpenID provider that the controller asks, and whose button its sign-in page has. */
const addProvider = async ({ keyPem, certPem }: OwnCertificate): Promise<void> => {
  const redirects = [`https://localhost:${ground.controller.port}/auth/oidc/corp/callback`];
  const party = { id: 'drover', secret: 'planted', redirects };
  provider = await openProvider({ keyPem, certPem, caPem: certPem }, party);
  provider.claims.set('s-1', { preferred_username: 'ann', groups: [] });
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'corp', namespace: 'default' },
    stringData: { secret: 'planted' },
  });
  const clientSecret = { namespace: 'default', name: 'corp', key: 'secret' };
  const { issuer } = provider;
  const oidc = { issuer, clientId: 'drover', clientSecret, caPem: certPem, scopes: ['profile'] };
  await client.create(signInMethods, { metadata: { name: 'corp' }, spec: { displayName: 'Corp', oidc } });
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  const certificate = await makeOwnCertificate();
  ground = await ConsoleGround.start({ trustedPin: certificate.pin });
  client = createClient(ground.controller.context);
  for (const name of ['ada', 'bea', 'cal', 'dan', 'eva', 'fay']) {
    await client.create(users, { metadata: { name }, spec: {} });
    await must(['user', 'passwd', name], `${password}\n`);
  }
  await must(['apply', '-f', '-'], JSON.stringify(everybody));
  for (const name of ['kept', 'other'])
    await client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data: { a: '1' },
    });
  await addProvider(certificate);
}, 60_000);
afterAll(async () => {
  client?.close();
  await provider?.close();
  await ground?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

/** What the sign-in page and what it says are called. */
const english = {
  language: 'en-US',
  user: 'User',
  password: 'Password',
  code: 'Code',
  signIn: 'Sign in',
  corp: 'Sign in with Corp',
  wrong: 'user, password or code is wrong',
  slowed: /too many tries that failed; try again in \d+ s/,
  ended: 'Your session has ended',
  again: 'Sign in again',
  account: 'Your account and sign out',
};
const chinese: typeof english = {
  language: 'zh-CN',
  user: '用户名',
  password: '密码',
  code: '验证码',
  signIn: '登录',
  corp: '使用 Corp 登录',
  wrong: '用户名、密码或验证码错误',
  slowed: /失败次数过多；请在 \d+ 秒后重试/,
  ended: '您的会话已结束',
  again: '重新登录',
  account: '我的账户与退出',
};

/** Resolves to the status of the answer, once its page is there. */
const fill = async (
  page: Page,
  user: string,
  secret = password,
  { code = '', words = english } = {},
): Promise<number> => {
  await page.getByLabel(words.user).fill(user);
  await page.getByLabel(words.password).fill(secret);
  await page.getByLabel(words.code).fill(code);
  const [response] = await Promise.all([
    page.waitForResponse((one) => one.request().method() === 'POST' && one.url().endsWith('/auth/sign-in')),
    page.waitForEvent('framenavigated'),
    button(page, words.signIn).click(),
  ]);
  return response.status();
};

/** Who is signed in is shown, and what the address asks for: one row of the two. */
const arrives = async (page: Page, user: string, words = english): Promise<void> => {
  await page
    .getByRole('row', { name: /kept/ })
    .waitFor()
    .catch(async (error: unknown) => {
      const shown = await page.locator('body').textContent();
      throw new Error(`${String(error)}; ${page.url()} shows: ${shown}`);
    });
  await page.getByRole('button', { name: `${user}: ${words.account}` }).waitFor();
  const { pathname, search } = new URL(page.url());
  expect(`${pathname}${search}`).toBe(deep);
  expect(await page.getByRole('row', { name: /other/ }).count()).toBe(0);
};

/** A browser of its own in which somebody has asked for the deep link. */
const asked = async (words = english): Promise<Page> => {
  const page = await ground.stranger(words);
  await page.goto(deep);
  await page.getByLabel(words.password).waitFor();
  return page;
};

const signOut = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: /Your account and sign out/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
};

/** All sessions of a person end. */
const endSessions = async (user: string): Promise<void> => {
  await must(['user', 'disable', user]);
  await must(['user', 'enable', user]);
};

/** Adds an app with codes in the account; resolves to its secret. */
const enrolApp = async (page: Page): Promise<string> => {
  await page.goto('/console/account');
  await button(page, 'Add an app').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill(password);
  await button(page, 'Go on').click();
  const secret = await dialog.getByRole('textbox', { name: 'Secret for the app' }).inputValue();
  await untilStepIsYoung();
  await dialog.getByLabel('Code of the app').fill(codeOf(secret, -1));
  await button(page, 'Confirm').click();
  await button(page, 'Done').click();
  return secret;
};

const addPasskey = async (page: Page): Promise<void> => {
  await page.goto('/console/account');
  await button(page, 'Add a passkey').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the new passkey').fill('laptop');
  await dialog.getByLabel('Your password').fill(password);
  await dialog.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('grid', { name: 'Passkeys' }).getByText('laptop').waitFor();
};

describe.skipIf(isConsoleSkipped)('a deep link is reached', () => {
  test.each([
    ['ada', english],
    ['dan', chinese],
  ])('by a password, after wrong ones, which are slowed: %s', async (user, words) => {
    const page = await asked(words);
    await page.getByRole('link', { name: words.corp }).waitFor();
    expect(await fill(page, user, 'planted-wrong', { words })).toBe(401);
    await shows(page, words.wrong);
    await expect
      .poll(() => fill(page, user, 'planted-wrong', { words }), { interval: 0, timeout: 20_000 })
      .toBe(429);
    await shows(page, words.slowed);
    expect(await page.getByLabel(words.user).inputValue()).toBe(user);
    await expect.poll(() => fill(page, user, password, { words }), { timeout: 20_000 }).toBe(303);
    await arrives(page, user, words);
    await endSessions(user);
    await shows(page, words.ended);
    await button(page, words.again).click();
    await fill(page, user, password, { words });
    await arrives(page, user, words);
  });

  test('by a link that an administrator has made, once', async () => {
    const link = await must(['user', 'link', 'ada']);
    const path = `${link.slice(link.indexOf('/sign-in'))}&next=${encodeURIComponent(deep)}`;
    const page = await asked();
    await page.goto(path);
    await arrives(page, 'ada');
    const late = await asked();
    await late.goto(path);
    await shows(late, 'This link does not work any more');
    await shows(late, /A sign-in link works once/);
    await late.getByRole('link', { name: 'Back to the first page' }).click();
    await late.getByLabel('Password').waitFor();
  });

  test('with a code of an app, which is asked for once the password is right', async () => {
    const page = await asked();
    await fill(page, 'bea');
    await arrives(page, 'bea');
    const secret = await enrolApp(page);
    await signOut(page);
    await page.goto(deep);
    await fill(page, 'bea');
    await shows(page, 'the code of your app is needed too');
    await fill(page, 'bea', password, { code: '000000' });
    await shows(page, 'user, password or code is wrong');
    await fill(page, 'bea', password, { code: codeOf(secret) });
    await arrives(page, 'bea');
  });

  test('with a passkey alone', async () => {
    const page = await asked();
    await fill(page, 'cal');
    await arrives(page, 'cal');
    await addPasskey(page);
    await signOut(page);
    await page.goto(deep);
    await button(page, 'Sign in with a passkey').click();
    await arrives(page, 'cal');
  });

  test('through an OpenID provider', async () => {
    const page = await asked();
    // Its page asks for a font of another site.
    await page.route(/fonts\.googleapis\.com/, (route) => route.abort());
    await page.getByRole('link', { name: 'Sign in with Corp' }).click();
    await page.getByPlaceholder('Enter any login').fill('s-1');
    await page.getByPlaceholder('and password').fill('any');
    await button(page, 'Sign-in').click();
    await button(page, 'Continue').click();
    await arrives(page, 'ann');
  });
});

describe.skipIf(isConsoleSkipped)('a session that ends', () => {
  test('leaves what was typed, and the way back leads to it', async () => {
    const page = await asked();
    await fill(page, 'eva');
    await arrives(page, 'eva');
    const address = `${configs}/name/default/kept/yaml`;
    await page.goto(address);
    const editor = page.getByRole('textbox', { name: 'YAML of kept' });
    await editor.getByText('a: "1"').click();
    await page.keyboard.press('End');
    await page.keyboard.type(' # typed');
    await editor.getByText('# typed').waitFor();
    await endSessions('eva');
    await shows(page, english.ended);
    await button(page, 'Sign in again').click();
    await fill(page, 'eva');
    await editor.getByText('# typed').waitFor();
    expect(new URL(page.url()).pathname).toBe(address);
  });

  test('goes on in every tab once somebody has signed in again in one', async () => {
    const first = await asked();
    await fill(first, 'fay');
    await arrives(first, 'fay');
    await endSessions('fay');
    await shows(first, english.ended);
    const second = await first.context().newPage();
    await second.goto(deep);
    expect(await fill(second, 'fay')).toBe(303);
    await arrives(second, 'fay');
    await first.getByText(english.ended).waitFor({ state: 'detached' });
    await arrives(first, 'fay');
  });

  test('by signing out is over for the controller too, and Back shows nothing', async () => {
    const page = await asked();
    await fill(page, 'eva');
    await arrives(page, 'eva');
    const [session] = (await page.context().cookies()).filter(({ name }) => name.includes('session'));
    const headers = { cookie: `${session?.name}=${session?.value}` };
    const status = async (): Promise<number> =>
      (
        await (await ground.stranger()).request.get('/auth/sessions', { headers, ignoreHTTPSErrors: true })
      ).status();
    expect(await status()).toBe(200);
    await signOut(page);
    expect(await status()).toBe(401);
    await page.goBack();
    await page.getByLabel('Password').waitFor();
    expect(await page.getByRole('row', { name: /kept/ }).count()).toBe(0);
  });
});
