// Letting a command line sign in through a browser, against the real server: who is asked, what is given, and to whom.
import { createHash, randomBytes } from 'node:crypto';
import { clusterRoleBindingKind, userKind } from '@drover/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { grant } from './test-people.ts';
import { leftBy } from './test-trail.ts';

const password = 'correct horse battery';
const tokens = { nonResourceURLs: ['/auth/tokens'], verbs: ['post'] };
const state = 's'.repeat(43);
let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
  // Otherwise everybody may make tokens of their own.
  await ground.resources.delete(clusterRoleBindingKind, '', 'system:basic-user');
  for (const name of ['ada', 'bob', 'eve']) await makePerson(ground, name, password);
  for (const name of ['ada', 'bob']) await grant(ground, name, [tokens]);
}, 60_000);
afterAll(() => ground.close());

const secret = (): string => randomBytes(32).toString('base64url');
const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
const pathOf = (verifier: string, more: Readonly<Record<string, string>> = {}): string => {
  const wish = { challenge: challengeOf(verifier), port: '4711', state, from: 'ada@laptop', seconds: '3600' };
  return `/auth/cli?${new URLSearchParams({ ...wish, ...more })}`;
};
const signedIn = async (user: string): Promise<Browser> => {
  const browser = openBrowser(ground);
  await browser.send('POST', '/auth/sign-in', { user, password });
  return browser;
};
const ticketOn = (page: string): string => /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? '';
/** Where the browser is sent once the person has answered. */
const answered = async (browser: Browser, verifier: string, answer = 'allow'): Promise<URL> => {
  const ticket = ticketOn((await browser.send('GET', pathOf(verifier))).text);
  const { code, headers } = await browser.submit('/auth/cli', { ticket, answer });
  expect(code).toBe(303);
  return new URL(String(headers['location']));
};
const redeem = (code: string | null, verifier: string) =>
  openBrowser(ground).send('POST', '/auth/cli/token', { code: code ?? '', verifier });

it('gives a token that ends, to who has the verifier, once; the trail tells it and no secret', async () => {
  const verifier = secret();
  const browser = await signedIn('ada');
  const back = await answered(browser, verifier);
  expect([back.origin, back.searchParams.get('state')]).toEqual(['http://127.0.0.1:4711', state]);
  const code = back.searchParams.get('code');
  const found = await leftBy(ground, async () => {
    const made = await redeem(code, verifier);
    expect([made.code, made.headers['cache-control'], made.json()['user']]).toEqual([200, 'no-store', 'ada']);
    const own = await openBrowser(ground, { bearer: String(made.json()['token']) }).send(
      'GET',
      '/auth/tokens',
    );
    expect(own.json()['items']).toMatchObject([
      { description: 'drover login of ada@laptop', current: true, expiresAt: expect.stringMatching(/Z$/) },
    ]);
    expect((await redeem(code, verifier)).code).toBe(401);
  });
  expect(found).toMatchObject([
    { verb: 'sign-in', resource: 'tokens', user: 'ada', code: 200 },
    { verb: 'sign-in', resource: 'command-lines', user: '', decision: 'deny', code: 401 },
  ]);
  expect(JSON.stringify(found)).not.toContain(code);
});

it('gives nothing for a wrong verifier, and nothing afterwards for the right one', async () => {
  const verifier = secret();
  const code = (await answered(await signedIn('ada'), verifier)).searchParams.get('code');
  expect((await redeem(code, secret())).code).toBe(401);
  expect((await redeem(code, verifier)).code).toBe(401);
  expect((await redeem(secret(), verifier)).code).toBe(401);
  expect((await redeem('', '')).code).toBe(401);
});

it('sends a refusal back, with nothing in it', async () => {
  const back = await answered(await signedIn('ada'), secret(), 'refuse');
  expect(Object.fromEntries(back.searchParams)).toEqual({ error: 'access_denied', state });
});

it('asks who is not signed in to do so first, and comes back to the question', async () => {
  const path = pathOf(secret());
  const asked = await openBrowser(ground).send('GET', path);
  const location = new URL(String(asked.headers['location']), ground.address);
  expect([asked.code, location.pathname, location.searchParams.get('next')]).toEqual([303, '/', path]);
  const next = location.searchParams.get('next') ?? '';
  const browser = openBrowser(ground);
  const entered = await browser.submit('/auth/sign-in', { user: 'ada', password, next });
  const page = await browser.send('GET', String(entered.headers['location']));
  expect(page.text).toContain('command line of <strong>ada@laptop</strong> asks to sign in as <strong>ada<');
  expect(page.headers['content-security-policy']).toContain("form-action 'self' http://127.0.0.1:4711;");
});

it('takes the answer from the session that was asked, once, and from no page of another site', async () => {
  const [ada, bob] = [await signedIn('ada'), await signedIn('bob')];
  const ticket = ticketOn((await ada.send('GET', pathOf(secret()))).text);
  const fields = { ticket, answer: 'allow' };
  expect((await bob.submit('/auth/cli', fields)).code).toBe(410);
  for (const from of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }])
    expect((await ada.submit('/auth/cli', fields, from)).code).toBe(403);
  expect((await openBrowser(ground).submit('/auth/cli', fields)).code).toBe(401);
  expect((await ada.submit('/auth/cli', fields)).code).toBe(303);
  expect((await ada.submit('/auth/cli', fields)).code).toBe(410);
});

it('gives nothing any more once the session has ended or the user is disabled', async () => {
  const [verifier, later] = [secret(), secret()];
  const browser = await signedIn('bob');
  const code = (await answered(browser, verifier)).searchParams.get('code');
  await browser.submit('/auth/sign-out', {});
  expect((await redeem(code, verifier)).code).toBe(401);
  const second = (await answered(await signedIn('bob'), later)).searchParams.get('code');
  await ground.resources.modify(userKind, '', 'bob', (o) => ({ ...o, spec: { disabled: true } }));
  expect((await redeem(second, later)).code).toBe(401);
});

it('asks nobody who may make no tokens, or whose session waits for a second factor', async () => {
  expect((await (await signedIn('eve')).send('GET', pathOf(secret()))).code).toBe(403);
  await makePerson(ground, 'wim', password, { requireSecondFactor: true });
  await grant(ground, 'wim', [tokens]);
  const page = await (await signedIn('wim')).send('GET', pathOf(secret()));
  expect([page.code, ticketOn(page.text)]).toEqual([403, '']);
  expect(page.text).toContain('add one at /account');
});

it.each([
  [{ port: '0' }],
  [{ port: '80@evil.example' }],
  [{ challenge: 'plain' }],
  [{ state: 'short' }],
  [{ from: 'a\u202eb' }],
  [{ from: '' }],
  [{ seconds: '0' }],
  [{ seconds: 'NaN' }],
])('refuses a question that is not one: %j', async (wrong) => {
  const page = await (await signedIn('ada')).send('GET', pathOf(secret(), wrong));
  expect([page.code, ticketOn(page.text)]).toEqual([422, '']);
  expect(page.text).toContain('cannot');
});
