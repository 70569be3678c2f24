// Every sign-in, whether it works or not, and every session that ends: who, how, from where, and why not.
import { secretKind, signInMethodKind, userKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt, stepOf } from '../auth/people/totp.ts';
import { makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { enrolPasskey, siteOf } from './test-passkeys.ts';
import { call } from './test-people.ts';
import { openProvider, type TestProvider } from './test-provider.ts';
import { leftBy } from './test-trail.ts';

const password = 'planted-password-4711';
let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
  for (const name of ['alice', 'bob', 'cem', 'dora']) await makePerson(ground, name, password);
  await disable('dora');
});
afterAll(() => ground.close());

const left = (work: () => Promise<unknown>) => leftBy(ground, work);
const change = (name: string, spec: object) =>
  ground.resources.modify(userKind, '', name, (o) => ({ ...o, spec: { ...(o['spec'] as object), ...spec } }));
const disable = (name: string) => change(name, { disabled: true });

/** Tests come from addresses of their own: one is not slowed by another. */
let hosts = 1;
const newAddress = (): string => `127.0.2.${++hosts}`;
const browser = (start: object = {}) => openBrowser(ground, { localAddress: newAddress(), ...start });

const signedIn = { verb: 'sign-in', resource: 'sessions', decision: 'allow', code: 200 };
const refused = { verb: 'sign-in', decision: 'deny', code: 401, user: '' };
const session = expect.stringMatching(/^session\/./);

describe('a password', () => {
  it('that is right leaves one row with who it was, how, and from where', async () => {
    const localAddress = newAddress();
    const found = await left(() =>
      openBrowser(ground, { localAddress }).send('POST', '/auth/sign-in', { user: 'alice', password }),
    );
    const row = { ...signedIn, user: 'alice', reason: 'by password', address: localAddress };
    expect(found).toMatchObject([{ ...row, credential: session }]);
    expect(found[0]?.credential).toBe(`session/${found[0]?.name}`);
    expect(found).toHaveLength(1);
  });

  it.each([
    ['a wrong password', { user: 'alice', password: 'wrong-4711' }, 'alice', 'the password is wrong'],
    ['somebody who is disabled', { user: 'dora', password }, 'dora', 'the user is disabled'],
    ['somebody who is not there', { user: 'nobody', password }, undefined, 'no user here has this name'],
    ['a password in place of a name', { user: password, password }, undefined, 'no user here has this name'],
  ])('that is refused leaves one row, which names users of ours only: %s', async (_, typed, name, why) => {
    for (const send of ['json', 'form'] as const) {
      const localAddress = newAddress();
      const one = openBrowser(ground, { localAddress });
      const found = await left(() =>
        send === 'json' ? one.send('POST', '/auth/sign-in', typed) : one.submit('/auth/sign-in', typed),
      );
      const reason = `Unauthorized: cannot sign in: ${why}`;
      expect(found).toMatchObject([{ ...refused, resource: 'passwords', reason, address: localAddress }]);
      expect(found).toHaveLength(1);
      expect(found[0]?.name).toBe(name);
      expect(JSON.stringify(found)).not.toMatch(/4711|nobody/);
    }
  });

  it('that is guessed at leaves rows that say so, also when it is a form', async () => {
    const one = browser();
    const wrong = { user: 'bob', password: 'wrong-4711' };
    for (let i = 0; i < 4; i++) await one.send('POST', '/auth/sign-in', wrong);
    const slowed = {
      ...{ user: '', name: 'bob', decision: 'deny', code: 429 },
      reason: expect.stringMatching(
        /^TooManyRequests: cannot sign in: too many tries that failed; try again/,
      ),
    };
    const found = await left(async () => {
      await one.send('POST', '/auth/sign-in', wrong);
      await one.submit('/auth/sign-in', wrong);
    });
    expect(found).toMatchObject([slowed, slowed]);
  });
});

it('a code leaves one row each time: it is missing, wrong, right, or one for recovery', async () => {
  const one = browser();
  await one.send('POST', '/auth/sign-in', { user: 'cem', password });
  const enrolled = await ground.people.secondFactor.begin(
    { name: 'cem', uid: ground.resources.get(userKind, '', 'cem').metadata.uid ?? '' },
    'Drover',
  );
  const digits = [...enrolled.secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c));
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const codeOf = (steps: number) => codeAt(key, stepOf(Date.now()) + steps);
  const confirmed = await one.send('POST', '/auth/totp/confirm', { code: codeOf(-1) });
  const { recoveryCodes } = confirmed.json() as { readonly recoveryCodes: readonly string[] };
  const wrong = codeOf(0) === '000000' ? '000001' : '000000';
  const rows = [];
  for (const code of ['', wrong, codeOf(0), recoveryCodes[0]])
    rows.push(await left(() => browser().send('POST', '/auth/sign-in', { user: 'cem', password, code })));
  const why = (words: string) => ({
    ...refused,
    name: 'cem',
    reason: `Unauthorized: cannot sign in: ${words}`,
  });
  expect(rows).toMatchObject([
    [why('the code of your app is needed too')],
    [why('the code is wrong, or was used before')],
    [{ ...signedIn, user: 'cem', reason: 'by password and code' }],
    [{ ...signedIn, user: 'cem', reason: 'by password and recovery code' }],
  ]);
  expect(rows.flat()).toHaveLength(4);
});

it('who has to enrol a second factor first is in for that only, and the row says so', async () => {
  await makePerson(ground, 'eva', password, { requireSecondFactor: true });
  const found = await left(() => browser().send('POST', '/auth/sign-in', { user: 'eva', password }));
  expect(found).toMatchObject([
    { ...signedIn, user: 'eva', reason: 'by password, to enrol a second factor' },
  ]);
});

it('a passkey leaves one row, also when it is not known or its owner is disabled', async () => {
  await makePerson(ground, 'pia', password);
  const site = siteOf(ground);
  const one = openBrowser(site);
  await one.send('POST', '/auth/sign-in', { user: 'pia', password });
  const { device, at } = await enrolPasskey(one, site, password);
  const enter = async (made: object = {}) => {
    const fresh = openBrowser(site);
    const challenge = String((await fresh.send('POST', '/auth/passkey/options', {})).json()['challenge']);
    return left(() => fresh.send('POST', '/auth/passkey', { ...device.get({ challenge, ...at }), ...made }));
  };
  expect(await enter()).toMatchObject([
    { ...signedIn, user: 'pia', reason: 'by passkey', address: '127.0.0.1' },
  ]);
  const unknown = await enter({ id: 'bm90LWtub3du' });
  const row = { ...refused, resource: 'passkeys' };
  expect(unknown).toMatchObject([
    { ...row, reason: expect.stringContaining('the passkey is not known here') },
  ]);
  await disable('pia');
  const reason = 'Unauthorized: cannot sign in: the user is disabled';
  expect(await enter()).toMatchObject([{ ...row, name: 'pia', reason }]);
});

describe('an OpenID provider', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    const { authority } = ground;
    const tls = { ...(await authority.serverTls(['127.0.0.1'])), caPem: authority.caPem };
    const redirects = [`${ground.address}/auth/oidc/corp/callback`];
    provider = await openProvider(tls, { id: 'drover', secret: 'planted', redirects });
    provider.claims.set('s-1', { preferred_username: 'Ann', groups: [] });
    provider.claims.set('s-2', { preferred_username: 'alice', groups: [] });
    await ground.resources.create(secretKind, 'default', {
      metadata: { name: 'corp' },
      stringData: { secret: 'planted' },
    });
    const clientSecret = { namespace: 'default', name: 'corp', key: 'secret' };
    const oidc = { issuer: provider.issuer, clientId: 'drover', clientSecret, caPem: ground.caPem };
    const spec = { oidc: { ...oidc, scopes: ['profile'] } };
    await ground.resources.create(signInMethodKind, '', { metadata: { name: 'corp' }, spec });
  }, 60_000);
  afterAll(() => provider.close());

  const enter = async (account: string, forge = (path: string) => path) => {
    const one = openBrowser(ground);
    const begun = await one.send('GET', '/auth/oidc/corp/start');
    const back = await provider.signIn(String(begun.headers['location']), account);
    return left(() => one.send('GET', forge(back.slice(ground.address.length))));
  };

  it('leaves one row, and another for the user whom it has made', async () => {
    const row = { ...signedIn, user: 'ann', reason: 'by corp', address: '127.0.0.1' };
    const made = {
      verb: 'create',
      resource: 'users',
      name: 'ann',
      code: 201,
      reason: 'at a first sign-in by corp',
    };
    expect(await enter('s-1')).toMatchObject([made, row]);
    const again = await enter('s-1');
    expect(again).toMatchObject([row]);
    expect(again).toHaveLength(1);
  });

  it('that does not get somebody in leaves one row, which names the provider and says why', async () => {
    const row = { ...refused, resource: 'providers', name: 'corp' };
    const forged = await enter('s-1', (path) => path.replace(/code=[^&]+/, 'code=planted-4711'));
    const why = 'Unauthorized: cannot sign in: the provider corp has not vouched for you';
    expect(forged).toMatchObject([{ ...row, reason: why }]);
    expect(JSON.stringify(forged)).not.toContain('4711');
    const reason = expect.stringMatching(/^Forbidden: .*there is a user "alice" already/);
    expect(await enter('s-2')).toMatchObject([{ ...row, code: 403, reason }]);
    await disable('ann');
    const off = 'Unauthorized: cannot sign in ann: the user is disabled';
    expect(await enter('s-1')).toMatchObject([{ ...row, reason: off }]);
    const unknown = await left(() => openBrowser(ground).send('GET', '/auth/oidc/planted-4711/callback'));
    expect(unknown).toMatchObject([{ code: 404 }]);
    expect(JSON.stringify(unknown)).not.toContain('4711');
  });
});

describe('sessions that end', () => {
  const enter = async () => {
    const one = browser();
    const [row] = await left(() => one.send('POST', '/auth/sign-in', { user: 'alice', password }));
    return { one, id: row?.name ?? '' };
  };

  it('leave one row: signed out, or revoked by their owner, or by somebody else', async () => {
    const [a, b, c] = [await enter(), await enter(), await enter()];
    const own = await left(() => a.one.send('DELETE', `/auth/sessions/${b.id}`));
    const row = { decision: 'allow', code: 200 };
    expect(own).toMatchObject([{ ...row, user: 'alice', verb: 'delete', reason: `ended session/${b.id}` }]);
    const path = `/apis/drover.dev/v1alpha1/users/alice/sessions/${c.id}`;
    const theirs = await left(() => call(ground, { method: 'DELETE', path }));
    const of = { resource: 'users', subresource: 'sessions', name: 'alice' };
    expect(theirs).toMatchObject([{ ...row, ...of, user: 'admin', reason: `ended session/${c.id}` }]);
    const out = await left(() => a.one.send('POST', '/auth/sign-out', {}));
    expect(out).toMatchObject([{ ...row, verb: 'sign-out', user: 'alice', credential: `session/${a.id}` }]);
    expect([own, theirs, out].map((rows) => rows.length)).toEqual([1, 1, 1]);
  });

  it('all at once leave one row that names them', async () => {
    const [a, b] = [await enter(), await enter()];
    const others = await left(() => a.one.send('DELETE', '/auth/sessions'));
    expect(others).toMatchObject([{ user: 'alice', reason: expect.stringContaining(`session/${b.id}`) }]);
    expect(others[0]?.reason).not.toContain(a.id);
    const path = '/apis/drover.dev/v1alpha1/users/alice/sessions';
    const all = await left(() => call(ground, { method: 'DELETE', path }));
    expect(all).toMatchObject([{ user: 'admin', name: 'alice', reason: `ended session/${a.id}` }]);
    expect([others.length, all.length]).toEqual([1, 1]);
  });
});
