// The page of one's own account and the script of our pages, as far as no browser is needed (test/e2e/sign-in-page.test.ts has one).
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

it('sends who is not signed in to the sign-in page, and back', async () => {
  for (const start of [{}, { bearer: ground.token }, { cookie: '__Host-drover-session=made-up' }]) {
    const { code, headers } = await openBrowser(site, start).send('GET', '/account');
    expect([code, headers['location']]).toEqual([303, '/?next=%2Faccount']);
  }
  const page = (await openBrowser(site).send('GET', '/?next=%2Faccount')).text;
  expect(page).toContain('name="next" value="/account"');
});

it('shows passkeys with their last use, sessions and tokens of its owner only, and no secret', async () => {
  await makePerson(ground, 'ada', password);
  await makePerson(ground, 'bob', password);
  const browser = await signedIn('ada');
  const { device, at, made } = await enrolPasskey(browser, site, password, 'key <ring>');
  expect(made.code).toBe(200);
  const { token } = await ground.auth.createToken('ada', { description: 'for <ci>' });
  await ground.auth.createToken('bob', { description: 'of bob' });
  const listed = async () => (await browser.send('GET', '/auth/passkeys')).json()['items'];
  expect(await listed()).toMatchObject([{ name: 'key <ring>', lastUsedAt: null }]);

  const fresh = openBrowser(site);
  const challenge = String((await fresh.send('POST', '/auth/passkey/options', {})).json()['challenge']);
  const answer = device.get({ challenge, ...at });
  expect((await fresh.send('POST', '/auth/passkey', answer)).code).toBe(200);
  expect(await listed()).toMatchObject([{ lastUsedAt: expect.stringMatching(/Z$/) }]);

  const page = await browser.send('GET', '/account');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.text).toContain('key &#60;ring&#62;');
  expect(page.text).toContain('for &#60;ci&#62;');
  for (const other of [
    'of bob',
    '<ring>',
    token,
    browser.cookie().split('=')[1] ?? '',
    device.id.toString('base64url'),
  ])
    expect(page.text).not.toContain(other);
});

it('tells who comes to an address that browsers make passkeys for names only', async () => {
  await makePerson(ground, 'cem', password);
  const page = await (await signedIn('cem', ground)).send('GET', '/account');
  expect(page.text).toContain('at the name of the controller, not at 127.0.0.1');
  expect(page.text).not.toContain('add-passkey');
});

it('shows who waits for a second factor how to enrol one, without asking the password again', async () => {
  await makePerson(ground, 'dan', password, { requireSecondFactor: true });
  const browser = await signedIn('dan');
  expect((await browser.send('GET', '/')).text).toContain('A second factor is asked of you');
  const page = (await browser.send('GET', '/account')).text;
  expect([page.includes('id="add-passkey"'), page.includes('type="password"')]).toEqual([true, false]);
});

it('runs our script and no other, on the pages that use it only', async () => {
  const script = await openBrowser(site).send('GET', '/sign-in.js');
  expect([script.code, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  const policyOf = async (browser: Browser, path: string) =>
    String((await browser.send('GET', path)).headers['content-security-policy']);
  const inside = await signedIn('ada');
  for (const policy of [await policyOf(openBrowser(site), '/'), await policyOf(inside, '/account')])
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-/);
  for (const path of ['/', '/auth/sessions', '/sign-in.js'])
    expect(await policyOf(inside, path)).not.toContain('script-src');
});
