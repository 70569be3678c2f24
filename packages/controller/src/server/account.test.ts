// What the page of one's own account asks for, and the script of our pages (test/e2e/console/account.test.ts has a browser).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { enrolPasskey, type Site, siteOf } from './test-passkeys.ts';

const password = 'correct horse battery';
let ground: Ground;
let site: Site;
beforeAll(async () => {
  ground = await openGround();
  site = siteOf(ground);
}, 60_000);
afterAll(() => ground.close());

const signedIn = async (name: string, at = site): Promise<Browser> => {
  const browser = openBrowser(at);
  await browser.send('POST', '/auth/sign-in', { user: name, password });
  return browser;
};

const accountOf = async (browser: Browser) => (await browser.send('GET', '/auth/account')).json();

it('tells its owner how they sign in, and no secret', async () => {
  await makePerson(ground, 'ada', password);
  const browser = await signedIn('ada');
  expect(await accountOf(browser)).toEqual({
    user: 'ada',
    password: true,
    totp: false,
    recoveryCodes: 0,
    waits: false,
    noPasskeys: '',
  });
  const answer = await browser.send('GET', '/auth/account');
  expect(answer.headers['cache-control']).toBe('no-store');
  for (const start of [{}, { cookie: '__Host-drover-session=made-up' }])
    expect((await openBrowser(site, start).send('GET', '/auth/account')).code).toBe(401);
});

it('shows passkeys with their last use, of their owner only', async () => {
  await makePerson(ground, 'bob', password);
  const browser = await signedIn('bob');
  const { device, at, made } = await enrolPasskey(browser, site, password, 'key <ring>');
  expect(made.code).toBe(200);
  const listed = async () => (await browser.send('GET', '/auth/passkeys')).json()['items'];
  expect(await listed()).toMatchObject([{ name: 'key <ring>', lastUsedAt: null }]);
  const fresh = openBrowser(site);
  const challenge = String((await fresh.send('POST', '/auth/passkey/options', {})).json()['challenge']);
  const answer = device.get({ challenge, ...at });
  expect((await fresh.send('POST', '/auth/passkey', answer)).code).toBe(200);
  expect(await listed()).toMatchObject([{ lastUsedAt: expect.stringMatching(/Z$/) }]);
  expect(JSON.stringify(await listed())).not.toContain(device.id.toString('base64url'));
  const ada = await signedIn('ada');
  expect((await ada.send('GET', '/auth/passkeys')).json()['items']).toEqual([]);
});

it('tells who comes to an address that browsers make passkeys for names only', async () => {
  await makePerson(ground, 'cem', password);
  const { noPasskeys } = await accountOf(await signedIn('cem', ground));
  expect(noPasskeys).toContain('at the name of the controller, not at 127.0.0.1');
});

it('tells who waits for a second factor that they do, and on the first page what to do without a console', async () => {
  await makePerson(ground, 'dan', password, { requireSecondFactor: true });
  const browser = await signedIn('dan');
  expect(await accountOf(browser)).toMatchObject({ user: 'dan', waits: true });
  expect((await browser.send('GET', '/')).text).toContain('A second factor is asked of you');
});

it('leads from the address that everybody is told to where the account is, also below the path of a proxy', async () => {
  const { code, headers } = await openBrowser(site).send('GET', '/account');
  expect([code, headers['location']]).toEqual([303, '/']);
  const below = { 'x-forwarded-prefix': '/tools/drover' };
  const proxied = await openBrowser(site).send('GET', '/account', undefined, below);
  expect(proxied.headers['location']).toBe('/tools/drover/');
});

it('runs our script and no other, on the page that uses it only', async () => {
  const script = await openBrowser(site).send('GET', '/sign-in.js');
  expect([script.code, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  const policyOf = async (browser: Browser, path: string) =>
    String((await browser.send('GET', path)).headers['content-security-policy']);
  const inside = await signedIn('ada');
  expect(await policyOf(openBrowser(site), '/')).toMatch(
    /^default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-/,
  );
  for (const path of ['/', '/auth/sessions', '/sign-in.js'])
    expect(await policyOf(inside, path)).not.toContain('script-src');
});

it('shows the sign-in page below the path of a proxy, and in the language of the browser', async () => {
  const headers = { 'x-forwarded-prefix': '/tools/drover', 'accept-language': 'zh-CN,zh;q=0.9' };
  const { text } = await openBrowser(site).send('GET', '/?next=%2Fapi', undefined, headers);
  expect(text).toContain('<html lang="zh-CN">');
  expect(text).toContain('登录 Drover');
  expect(text).toContain('action="/tools/drover/auth/sign-in"');
  expect(text).toContain('src="/tools/drover/sign-in.js"');
  const evil = { 'x-forwarded-prefix': '//evil.example/"><script>' };
  expect((await openBrowser(site).send('GET', '/', undefined, evil)).text).not.toContain('evil');
  const form = { user: 'ada', password, next: '/api' };
  const entered = await openBrowser(site).submit('/auth/sign-in', form, headers);
  expect([entered.code, entered.headers['location']]).toEqual([303, '/tools/drover/api']);
});

it.each([
  ['en', 'user, password or code is wrong'],
  ['zh', '用户名、密码或验证码错误'],
])('says in %s that it did not work, and keeps the name', async (language, words) => {
  const form = { user: 'ada', password: 'wrong', next: '/api' };
  const { code, text } = await openBrowser(site).submit('/auth/sign-in', form, {
    'accept-language': language,
  });
  expect([code, text.includes(words), text.includes('value="ada"')]).toEqual([401, true, true]);
});
