// Passkeys of a software authenticator against the real server.
import { userKind } from '@drover/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authenticator } from './test-authenticator.ts';
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

let count = 0;
const enrolled = async (spec: object = {}) => {
  const { name } = await makePerson(ground, `pass${++count}`, password, spec);
  const browser = openBrowser(site);
  const signIn = () => browser.send('POST', '/auth/sign-in', { user: name, password });
  await signIn();
  return { name, browser, signIn, ...(await enrolPasskey(browser, site, password)) };
};

const challengeOf = async (browser: Browser): Promise<string> =>
  String((await browser.send('POST', '/auth/passkey/options', {})).json()['challenge']);

it('is enrolled with the password, signs in without any, and is told of', async () => {
  const { name, device, at, made, browser } = await enrolled();
  expect([made.code, made.text]).toEqual([200, expect.stringContaining('Success')]);
  expect((await browser.send('POST', '/auth/passkeys/options', { password: 'wrong password' })).code).toBe(
    403,
  );
  const fresh = openBrowser(site);
  const answer = await fresh.send(
    'POST',
    '/auth/passkey',
    device.get({ challenge: await challengeOf(fresh), ...at }),
  );
  expect(answer.code).toBe(200);
  const { items } = (await fresh.send('GET', '/auth/sessions')).json() as { items: readonly object[] };
  expect(items).toMatchObject([{ method: 'password' }, { method: 'passkey', current: true }]);
  expect(ground.resources.get(userKind, '', name)['status']).toMatchObject({ signIn: { passkeys: 1 } });
});

it('is asked for in place of a password where a second factor is asked for', async () => {
  const { name, signIn, device, at } = await enrolled();
  await ground.resources.modify(userKind, '', name, (o) => ({ ...o, spec: { requireSecondFactor: true } }));
  const refused = await signIn();
  expect([refused.code, refused.text]).toEqual([401, expect.stringContaining('PasskeyRequired')]);
  const fresh = openBrowser(site);
  const response = device.get({ challenge: await challengeOf(fresh), ...at });
  expect((await fresh.send('POST', '/auth/passkey', response)).json()).toEqual({ enrolOnly: false });
});

it('serves each challenge once, at its own site, with its owner verified, and not as a copy', async () => {
  const { device, at, response, browser } = await enrolled();
  const fresh = openBrowser(site);
  const codeOf = async (made: object) => (await fresh.send('POST', '/auth/passkey', made)).code;
  const good = device.get({ challenge: await challengeOf(fresh), ...at });
  expect([await codeOf(good), await codeOf(good)]).toEqual([200, 401]);
  const wrong = async (more: object) => device.get({ challenge: await challengeOf(fresh), ...at, ...more });
  expect(await codeOf(await wrong({ challenge: 'bWFkZS11cC1jaGFsbGVuZ2U' }))).toBe(401);
  expect(await codeOf(await wrong({ origin: 'https://evil.example' }))).toBe(401);
  expect(await codeOf(await wrong({ rpId: 'evil.example' }))).toBe(401);
  expect(await codeOf(await wrong({ verified: false }))).toBe(401);
  expect(await codeOf({ ...(await wrong({})), id: 'bm90LWtub3du' })).toBe(401);
  expect(await codeOf({})).toBe(401);
  device.counter = 0;
  expect(await codeOf(await wrong({}))).toBe(401);
  // A challenge for signing in enrols nothing, and what was enrolled is not enrolled again.
  const again = new Authenticator().create({ challenge: await challengeOf(fresh), ...at });
  expect((await browser.send('POST', '/auth/passkeys', { name: 'x', response: again })).code).toBe(422);
  expect((await browser.send('POST', '/auth/passkeys', { name: 'x', response })).code).toBe(422);
});

it('ends when it is removed, and proves nobody who is disabled', async () => {
  const { name, device, at, browser } = await enrolled();
  const enter = async () => {
    const fresh = openBrowser(site);
    return (
      await fresh.send('POST', '/auth/passkey', device.get({ challenge: await challengeOf(fresh), ...at }))
    ).code;
  };
  const [one] = (await browser.send('GET', '/auth/passkeys')).json()['items'] as readonly {
    id: string;
    name: string;
  }[];
  expect(one?.name).toBe('key ring');
  await ground.resources.modify(userKind, '', name, (o) => ({ ...o, spec: { disabled: true } }));
  expect(await enter()).toBe(401);
  await ground.resources.modify(userKind, '', name, (o) => ({ ...o, spec: {} }));
  expect(await enter()).toBe(200);
  await browser.send('POST', '/auth/sign-in', { user: name, password });
  expect((await browser.send('POST', `/auth/passkeys/${one?.id}/remove`, { password })).code).toBe(200);
  expect(await enter()).toBe(401);
});

it('of another site signs nobody in', async () => {
  const { device, at } = await enrolled();
  const fresh = openBrowser(site);
  const response = device.get({ challenge: await challengeOf(fresh), ...at });
  const foreign = { origin: 'https://evil.example' };
  expect((await fresh.send('POST', '/auth/passkey', response, foreign)).code).toBe(403);
});
