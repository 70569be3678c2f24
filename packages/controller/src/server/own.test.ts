// What people do with their own sign-in, against the real server.
import { nodeKind, userKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/harness/wait.ts';
import { codeAt, stepOf } from '../auth/people/totp.ts';
import { systemClock } from '../platform/clock.ts';
import { type Browser, makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, grant } from './test-people.ts';

const password = 'correct horse battery';
let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.resources.create(nodeKind, '', { metadata: { name: 'web1' } });
});
afterAll(() => ground.close());

let count = 0;
const newPerson = async (spec: object = {}) => {
  const person = await makePerson(ground, `person${++count}`, password, spec);
  const browser = openBrowser(ground, { localAddress: `127.0.2.${count}` });
  const signIn = (more: object = {}) =>
    browser.send('POST', '/auth/sign-in', { user: person.name, password, ...more });
  return { ...person, browser, signIn };
};

const itemsOf = async (browser: Browser, path: string) =>
  ((await browser.send('GET', path)).json()['items'] ?? []) as readonly Record<string, unknown>[];

describe('sessions', () => {
  it('are listed with where they come from, and revoked one by one or all but this', async () => {
    const { name, browser, signIn } = await newPerson();
    await signIn();
    const others = [1, 2, 3].map((n) => openBrowser(ground, { localAddress: `127.0.3.${n}` }));
    for (const one of others)
      await one.send('POST', '/auth/sign-in', { user: name, password }, { 'user-agent': 'test' });
    const listed = await itemsOf(browser, '/auth/sessions');
    expect(listed.map(({ address, agent, method, current }) => [address, agent, method, current])).toEqual([
      [expect.stringContaining('127.0.2.'), '', 'password', true],
      ['127.0.3.1', 'test', 'password', false],
      ['127.0.3.2', 'test', 'password', false],
      ['127.0.3.3', 'test', 'password', false],
    ]);
    expect((await browser.send('DELETE', `/auth/sessions/${listed[1]?.['id']}`)).code).toBe(200);
    expect((await others[0]?.send('GET', '/api'))?.code).toBe(401);
    await browser.send('DELETE', '/auth/sessions');
    expect((await others[2]?.send('GET', '/api'))?.code).toBe(401);
    expect((await browser.send('GET', '/api')).code).toBe(200);
  });

  it('of others are neither seen nor revoked', async () => {
    const [one, two] = [await newPerson(), await newPerson()];
    await one.signIn();
    await two.signIn();
    const [session] = await itemsOf(one.browser, '/auth/sessions');
    expect((await two.browser.send('DELETE', `/auth/sessions/${session?.['id']}`)).code).toBe(404);
    expect(await itemsOf(two.browser, '/auth/sessions')).toHaveLength(1);
  });

  it('that are revoked lose their open watches at once', async () => {
    const { name, browser, signIn } = await newPerson();
    await grant(ground, name, [{ verbs: ['watch'], apiGroups: [''], resources: ['nodes'] }]);
    await signIn();
    const { promise: open, resolve } = Promise.withResolvers<void>();
    const ended = browser.follow('/api/v1/nodes?watch=1', resolve);
    await open;
    const [row] = await ground.store.credentials.ofUser(name);
    await ground.store.credentials.remove(row?.id ?? '');
    await ended;
    expect((await browser.send('GET', '/api')).code).toBe(401);
  });

  it('and tokens end when their user is disabled or deleted, with what is open, and do not come back', async () => {
    const { name, uid, browser, signIn } = await newPerson();
    await grant(ground, name, [{ verbs: ['watch'], apiGroups: [''], resources: ['nodes'] }]);
    await signIn();
    const { token } = (await browser.send('POST', '/auth/tokens', { description: 'x' })).json();
    const program = openBrowser(ground, { bearer: String(token) });
    const { promise: open, resolve } = Promise.withResolvers<void>();
    const ended = program.follow('/api/v1/nodes?watch=1', resolve);
    await open;
    await ground.resources.modify(userKind, '', name, (o) => ({ ...o, spec: { disabled: true } }));
    await ended;
    expect([(await program.send('GET', '/api')).code, (await browser.send('GET', '/api')).code]).toEqual([
      401, 401,
    ]);
    await ground.resources.delete(userKind, '', name);
    await ground.resources.create(userKind, '', { metadata: { name } });
    expect((await program.send('GET', '/api')).code).toBe(401);
    await expect.poll(() => ground.store.factors.of(uid)).toEqual([]);
  });
});

describe('API tokens', () => {
  const allNodes = { rules: [{ verbs: ['get', 'list'], resources: ['nodes'] }] };

  it('are shown once, listed without their secret, and useless once revoked', async () => {
    const { browser, signIn } = await newPerson();
    await signIn();
    const made = (
      await browser.send('POST', '/auth/tokens', { description: 'ci', expiresSeconds: 60 })
    ).json();
    const program = openBrowser(ground, { bearer: String(made['token']) });
    expect((await program.send('GET', '/api')).code).toBe(200);
    const [listed] = await itemsOf(browser, '/auth/tokens');
    expect(listed).toMatchObject({
      id: made['id'],
      description: 'ci',
      lastUsedAt: expect.stringMatching(/Z$/),
    });
    expect(JSON.stringify(listed)).not.toContain(String(made['token']));
    expect((await browser.send('DELETE', `/auth/tokens/${made['id']}`)).code).toBe(200);
    expect((await program.send('GET', '/api')).code).toBe(401);
  });

  it('with bounds may what both owner and bounds allow', async () => {
    const { name, browser, signIn } = await newPerson();
    await bind(ground, name, 'view');
    await signIn();
    const wish = { rules: [...allNodes.rules, { verbs: ['*'], resources: ['secrets'] }] };
    const { token } = (await browser.send('POST', '/auth/tokens', wish)).json();
    const program = openBrowser(ground, { bearer: String(token) });
    const codeOf = async (path: string) => (await program.send('GET', path)).code;
    expect(await codeOf('/api/v1/nodes')).toBe(200);
    expect(await codeOf('/api/v1/nodes?watch=1')).toBe(403);
    expect(await codeOf('/api/v1/namespaces')).toBe(403);
    expect(await codeOf('/api/v1/secrets')).toBe(403);
    expect((await browser.send('GET', '/api/v1/namespaces')).code).toBe(200);
  });

  it('for namespaces serve in those only', async () => {
    const { name, browser, signIn } = await newPerson();
    await bind(ground, name, 'edit');
    await signIn();
    const { token } = (await browser.send('POST', '/auth/tokens', { namespaces: ['default'] })).json();
    const program = openBrowser(ground, { bearer: String(token) });
    const codeOf = async (path: string) => (await program.send('GET', path)).code;
    expect(await codeOf('/api/v1/namespaces/default/secrets')).toBe(200);
    expect(await codeOf('/api/v1/namespaces/other/secrets')).toBe(403);
    expect(await codeOf('/api/v1/secrets')).toBe(403);
    expect(await codeOf('/api/v1/nodes')).toBe(403);
  });

  it('of an administrator with bounds do not lead beyond them, not by acting as others nor by giving roles', async () => {
    const wish = {
      rules: [
        { verbs: ['create', 'escalate', 'bind'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'] },
        { verbs: ['impersonate'], resources: ['users', 'groups'] },
        { verbs: ['post'], nonResourceURLs: ['/auth/tokens'] },
        {
          verbs: ['update', 'create'],
          apiGroups: ['drover.dev'],
          resources: ['users/password', 'users/link'],
        },
      ],
    };
    const { token } = (
      await openBrowser(ground, { bearer: ground.token }).send('POST', '/auth/tokens', wish)
    ).json();
    const program = openBrowser(ground, { bearer: String(token) });
    const acting = { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' };
    expect((await program.send('GET', '/api/v1/nodes', undefined, acting)).code).toBe(403);
    expect((await program.send('POST', '/auth/tokens', {})).code).toBe(403);
    const users = '/apis/drover.dev/v1alpha1/users/admin';
    expect((await program.send('PUT', `${users}/password`, { password })).code).toBe(403);
    expect((await program.send('POST', `${users}/link`, {})).code).toBe(403);
  });

  it.each([
    { rules: [] },
    { rules: [{ verbs: ['get'] }] },
    { rules: [{ resources: ['nodes'] }] },
    { rules: [{ verbs: ['get'], resources: ['nodes'], nonResourceURLs: ['/x'] }] },
    { rules: [{ verbs: ['get'], resources: ['nodes'], foreign: ['x'] }] },
    { namespaces: [] },
    { namespaces: ['Not A Name'] },
    { expiresSeconds: '60' },
  ])('are not made of what makes no sense: %j', async (wish) => {
    const answer = await openBrowser(ground, { bearer: ground.token }).send('POST', '/auth/tokens', wish);
    expect(answer.code).toBe(422);
  });
});

describe('the password', () => {
  it('is not asked for any more from an address that guesses, and the owner gets in from another', async () => {
    const { name } = await newPerson();
    const thief = openBrowser(ground, { localAddress: '127.0.5.1' });
    const guess = (word: string) => thief.send('POST', '/auth/sign-in', { user: name, password: word });
    const codes: number[] = [];
    for (let n = 0; n < 6; n++) codes.push((await guess(`guess-${n}-of-many`)).code);
    expect(codes).toEqual([401, 401, 401, 401, 429, 429]);
    const right = await guess(password);
    expect([right.code, Number(right.headers['retry-after'])]).toEqual([429, 1]);
    const owner = openBrowser(ground, { localAddress: '127.0.5.2' });
    expect((await owner.send('POST', '/auth/sign-in', { user: name, password })).code).toBe(200);
  });

  it('is changed by who knows it, and the other sessions end', async () => {
    const { name, browser, signIn } = await newPerson();
    await signIn();
    const other = openBrowser(ground, { localAddress: '127.0.4.1' });
    await other.send('POST', '/auth/sign-in', { user: name, password });
    const change = (current: string, next: string) =>
      browser.send('POST', '/auth/password', { current, password: next });
    expect((await change('not the present one', 'another good one')).code).toBe(403);
    expect((await change(password, 'short')).code).toBe(422);
    expect((await change(password, 'another good one')).code).toBe(200);
    expect((await browser.send('GET', '/api')).code).toBe(200);
    expect((await other.send('GET', '/api')).code).toBe(401);
    expect((await signIn()).code).toBe(401);
    expect((await signIn({ password: 'another good one' })).code).toBe(200);
  });

  it('is not changed by who acts as somebody', async () => {
    const { name } = await newPerson();
    const admin = openBrowser(ground, { bearer: ground.token });
    const acting = { 'impersonate-user': name };
    const answer = await admin.send(
      'POST',
      '/auth/password',
      { current: password, password: 'another good one' },
      acting,
    );
    expect(answer.code).toBe(403);
  });
});

/** A code is of a step of 30 s and the one before: what is asked for at the end of one would arrive in the next. */
const stepHasTime = () =>
  waitFor('a step of codes that does not end soon', () => systemClock.nowMs() % 30_000 < 22_000, 10_000);

/** Enrols an app and answers with its secret and the recovery codes. */
const enrol = async (browser: Browser) => {
  await stepHasTime();
  const { secret, url } = (await browser.send('POST', '/auth/totp', { password })).json();
  const bytes = fromBase32(String(secret));
  const answer = await browser.send('POST', '/auth/totp/confirm', {
    code: codeAt(bytes, stepOf(systemClock.nowMs()) - 1),
  });
  return { bytes, url, answer, recoveryCodes: answer.json()['recoveryCodes'] as readonly string[] };
};

const fromBase32 = (text: string): Buffer => {
  const bits = [...text]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
};

describe('the second factor', () => {
  it('is asked for once it is enrolled; each code serves once', async () => {
    const { name, browser, signIn } = await newPerson();
    await signIn();
    expect((await browser.send('POST', '/auth/totp', { password: 'not the password' })).code).toBe(403);
    const { bytes, url, recoveryCodes } = await enrol(browser);
    expect(url).toMatch(new RegExp(`^otpauth://totp/Drover:${name}\\?secret=`));
    expect(recoveryCodes).toHaveLength(10);
    const needed = await signIn();
    expect(needed.code).toBe(401);
    expect(needed.json()).toMatchObject({ details: { causes: [{ reason: 'SecondFactorRequired' }] } });
    const code = codeAt(bytes, stepOf(systemClock.nowMs()));
    expect((await signIn({ code })).code).toBe(200);
    expect((await signIn({ code })).code).toBe(401);
    expect((await signIn({ code: recoveryCodes[0]?.toUpperCase() })).code).toBe(200);
    expect((await signIn({ code: recoveryCodes[0] })).code).toBe(401);
    const status = ground.resources.get(userKind, '', name)['status'];
    expect(status).toMatchObject({ signIn: { password: true, totp: true, recoveryCodes: 9 } });
  });

  it('is not asked for before a code of it was shown, and a wrong one enrols nothing', async () => {
    const { browser, signIn } = await newPerson();
    await signIn();
    await browser.send('POST', '/auth/totp', { password });
    expect((await browser.send('POST', '/auth/totp/confirm', { code: '000000' })).code).toBe(422);
    expect((await signIn()).code).toBe(200);
  });

  it('that a policy asks for leaves a session that may enrol it and nothing else', async () => {
    const { name, browser, signIn } = await newPerson({ requireSecondFactor: true });
    await bind(ground, name, 'view');
    const first = await signIn();
    expect([first.code, first.json()['enrolOnly']]).toEqual([200, true]);
    expect((await browser.send('GET', '/api/v1/nodes')).code).toBe(403);
    expect((await browser.send('POST', '/auth/tokens', {})).code).toBe(403);
    expect(
      (await browser.send('POST', '/auth/password', { current: password, password: 'another one' })).code,
    ).toBe(403);
    const { bytes, answer } = await enrol(browser);
    expect(answer.code).toBe(200);
    expect((await browser.send('GET', '/api/v1/nodes')).code).toBe(403);
    expect((await signIn({ code: codeAt(bytes, stepOf(systemClock.nowMs())) })).json()['enrolOnly']).toBe(
      false,
    );
    expect((await browser.send('GET', '/api/v1/nodes')).code).toBe(200);
  });

  it('is guessed at the pace of passwords, also by who knows the password', async () => {
    const { browser, signIn } = await newPerson();
    await signIn();
    await enrol(browser);
    const codes: number[] = [];
    for (let n = 0; n < 6; n++) {
      codes.push((await signIn({ code: '000000' })).code);
      await signIn();
    }
    expect(codes.slice(-1)).toEqual([429]);
  });
});
