// Signing in against the real server: what gets in, what does not, and what is told to whom.
import { userKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../platform/log.ts';
import { makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';

const password = 'planted-password-4711';
const lines: string[] = [];
let ground: Ground;

beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line: string) => lines.push(line) } });
  ground = await openGround({ log });
  for (const name of ['alice', 'dora', 'mia']) await makePerson(ground, name, password);
  await ground.resources.create(userKind, '', { metadata: { name: 'linkonly' } });
}, 60_000);
afterAll(() => ground.close());

/** Tests come from addresses of their own: one is not slowed by another. */
let hosts = 1;
const browser = (start: object = {}) => openBrowser(ground, { localAddress: `127.0.1.${++hosts}`, ...start });
const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const nameOf = async (one: ReturnType<typeof browser>): Promise<unknown> => {
  const answer = await one.send('POST', whoAmI, {});
  const { status } = answer.json() as {
    readonly status?: { readonly userInfo?: { readonly username?: string } };
  };
  return status?.userInfo?.username;
};

describe('a password', () => {
  it('signs in with a cookie that no script and no other site gets at', async () => {
    const one = browser();
    const answer = await one.send('POST', '/auth/sign-in', { user: 'alice', password });
    expect(answer.code).toBe(200);
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-drover-session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await nameOf(one)).toBe('alice');
  });

  it('is told to be wrong in the same words whatever is wrong', async () => {
    await ground.resources.modify(userKind, '', 'dora', (o) => ({ ...o, spec: { disabled: true } }));
    const tries = [
      { user: 'alice', password: 'not-her-password' },
      { user: 'nobody', password },
      { user: 'dora', password },
      { user: 'linkonly', password },
      { user: '', password: '' },
    ];
    const answers = await Promise.all(tries.map((one) => browser().send('POST', '/auth/sign-in', one)));
    expect(answers.map(({ code }) => code)).toEqual([401, 401, 401, 401, 401]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.every(({ headers }) => headers['set-cookie'] === undefined)).toBe(true);
  });

  it('of a wrong type or size is refused before any work', async () => {
    for (const wrong of [
      { user: 'alice', password: 7 },
      { user: 'x'.repeat(2_000), password },
      { user: ['a'] },
    ])
      expect((await browser().send('POST', '/auth/sign-in', wrong)).code).toBe(422);
  });
});

it('a password takes the same work to refuse for a user who is not there', async () => {
  const real = await openGround({}, {}); // with hashes as they are in earnest: the time that they take is looked at
  const timeOf = async (user: string): Promise<number> => {
    const times: number[] = [];
    for (let count = 0; count < 5; count++) {
      const other = openBrowser(real, { localAddress: `127.0.1.${++hosts}` });
      const started = performance.now();
      await other.send('POST', '/auth/sign-in', { user, password: 'wrong-password' });
      times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b)[2] ?? 0;
  };
  try {
    await makePerson(real, 'tim', password);
    const [there, absent] = [await timeOf('tim'), await timeOf('nobody-at-all')];
    // No figure is promised; a hash costs many times what is left when it is not made.
    expect(absent).toBeGreaterThan(there / 3);
    expect(there).toBeGreaterThan(absent / 3);
  } finally {
    await real.close();
  }
});

describe('a session', () => {
  it('is new at each sign-in: none that was planted or known before is taken over', async () => {
    const planted = '__Host-drover-session=planted-by-somebody-else-0000000000000000000';
    const victim = browser({ cookie: planted });
    await victim.send('POST', '/auth/sign-in', { user: 'alice', password });
    expect(victim.cookie()).not.toBe(planted);
    expect((await openBrowser(ground, { cookie: planted }).send('GET', '/api')).code).toBe(401);

    const first = victim.cookie();
    await victim.send('POST', '/auth/sign-in', { user: 'alice', password });
    expect(victim.cookie()).not.toBe(first);
    expect((await openBrowser(ground, { cookie: first }).send('GET', '/api')).code).toBe(401);
  });

  it('ends when its owner signs out, and the browser forgets it', async () => {
    const one = browser();
    await one.send('POST', '/auth/sign-in', { user: 'alice', password });
    const kept = one.cookie();
    const out = await one.submit('/auth/sign-out', {});
    expect([out.code, out.headers['location']]).toEqual([303, '/']);
    expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0');
    expect((await openBrowser(ground, { cookie: kept }).send('GET', '/api')).code).toBe(401);
  });

  it('changes nothing without the header of our own pages, nor from a page of another site', async () => {
    const one = browser();
    await one.send('POST', '/auth/sign-in', { user: 'alice', password });
    const cookie = one.cookie();
    const bare = (headers: Readonly<Record<string, string>>) =>
      openBrowser(ground, { cookie }).submit('/auth/tokens', {}, headers);
    const changes = { 'content-type': 'text/plain' };
    for (const from of [{}, { origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect((await bare({ ...changes, ...from })).code).toBe(403);
    const foreign = { origin: 'https://evil.example' };
    expect((await openBrowser(ground, { cookie }).send('POST', '/auth/tokens', {}, foreign)).code).toBe(403);
    expect((await openBrowser(ground, { cookie }).submit('/auth/sign-out', {}, foreign)).code).toBe(403);
    expect((await one.send('GET', '/auth/sessions')).code).toBe(200);
  });
});

describe('the page', () => {
  it('signs in with a form, and says who is signed in', async () => {
    const one = browser();
    expect((await one.send('GET', '/')).text).toContain('name="password"');
    const answer = await one.submit('/auth/sign-in', { user: 'mia', password, code: '', next: '/api' });
    expect([answer.code, answer.headers['location']]).toEqual([303, '/api']);
    const page = await one.send('GET', '/');
    expect(page.text).toContain('signed in as <strong>mia</strong>');
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
  });

  it('shows why it did not work, and runs nothing that was typed', async () => {
    const evil = '"><script>alert(1)</script>';
    const answer = await browser().submit('/auth/sign-in', { user: evil, password: 'x', next: evil });
    expect(answer.code).toBe(401);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.text).toContain('cannot sign in');
    expect(answer.text).not.toContain('<script>');
    expect(answer.text).not.toContain('alert(');
  });

  it('lets no page of another site sign somebody in', async () => {
    for (const from of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ]) {
      const answer = await browser().submit('/auth/sign-in', { user: 'alice', password }, from);
      expect([answer.code, answer.headers['set-cookie']]).toEqual([403, undefined]);
    }
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%0d%0aset-cookie: a=b\r\nx: y',
    'javascript:alert(1)',
    'evil.example',
    '/..//evil.example',
    '/./\\evil.example',
    '',
  ])('sends nobody elsewhere after signing in: next=%j', async (next) => {
    const answer = await browser().submit('/auth/sign-in', { user: 'mia', password, next });
    expect(answer.code).toBe(303);
    expect(answer.headers['location']).toBe('/');
  });

  it('leads back to an address with much in it, and to the first page instead of one that no server takes', async () => {
    const reached = async (length: number): Promise<unknown> => {
      const next = `/console/nodes?chosen=${'n'.repeat(length)}`;
      const { headers } = await browser().submit('/auth/sign-in', { user: 'mia', password, next });
      return headers['location'] === next ? 'there' : headers['location'];
    };
    expect(await reached(3_900)).toBe('there');
    expect((await browser().send('GET', `/?next=/${'n'.repeat(4_000)}`)).text).toContain(
      'name="next" value="/"',
    );
  });
});

describe('a link', () => {
  it('signs in once, and only who is still there', async () => {
    const link = await ground.auth.createLink('linkonly');
    const one = browser();
    const answer = await one.send('GET', `/sign-in?link=${link}`);
    expect([answer.code, answer.headers['location']]).toEqual([303, '/']);
    expect(await nameOf(one)).toBe('linkonly');
    const { status } = ground.resources.get(userKind, '', 'linkonly') as { status?: { lastSignIn?: string } };
    expect(status?.lastSignIn).toMatch(/Z$/);
    expect((await browser().send('GET', `/sign-in?link=${link}`)).code).toBe(401);
    await makePerson(ground, 'gone', password);
    const late = await ground.auth.createLink('gone');
    await ground.resources.delete(userKind, '', 'gone');
    expect((await browser().send('GET', `/sign-in?link=${late}`)).code).toBe(401);
  });

  it.each([
    ['/console/runs?phase=Failed', '/console/runs?phase=Failed'],
    ['//evil.example/', '/'],
  ])('that names %s leads to %s', async (wanted, reached) => {
    const link = await ground.auth.createLink('linkonly');
    const path = `/sign-in?link=${link}&next=${encodeURIComponent(wanted)}`;
    expect((await browser().send('GET', path)).headers['location']).toBe(reached);
  });
});

it('neither password nor cookie is in the log or in the API', async () => {
  const one = browser();
  await one.send('POST', '/auth/sign-in', { user: 'alice', password });
  await one.send('POST', '/auth/sign-in', { user: 'alice', password: 'planted-wrong-0815' });
  const secret = one.cookie().split('=')[1] ?? '';
  const users = JSON.stringify(ground.resources.list(userKind));
  const sessions = (await one.send('GET', '/auth/sessions')).text;
  for (const planted of [password, 'planted-wrong-0815', secret, 'argon2id'])
    expect([lines.join('').includes(planted), users.includes(planted), sessions.includes(planted)]).toEqual([
      false,
      false,
      false,
    ]);
});
