// Signing in through a real OpenID provider.
import { secretKind, signInMethodKind, userKind } from '@drover/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../platform/log.ts';
import { makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { openProvider, type TestProvider } from './test-provider.ts';

const clientSecret = 'planted-client-secret';
const start = '/auth/oidc/corp/start?next=%2Fapi';
const lines: string[] = [];
let ground: Ground;
let provider: TestProvider;

const method = (oidc: object, more: object = {}) => ({
  metadata: { name: 'corp' },
  spec: { displayName: 'Corp & Sons', groupPrefix: 'corp:', oidc, ...more },
});
const change = (more: object) =>
  ground.resources.modify(signInMethodKind, '', 'corp', (o) => ({
    ...o,
    spec: { ...(o['spec'] as object), ...more },
  }));

beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line: string) => lines.push(line) } });
  ground = await openGround({ log });
  const { authority } = ground;
  const tls = { ...(await authority.serverTls(['127.0.0.1'])), caPem: authority.caPem };
  const redirects = [`${ground.address}/auth/oidc/corp/callback`];
  provider = await openProvider(tls, { id: 'drover', secret: clientSecret, redirects });
  provider.claims.set('s-1', {
    preferred_username: 'Ann',
    name: 'Ann A.',
    groups: ['ops', 'system:masters', 7],
  });
  provider.claims.set('s-2', { preferred_username: 'taken', groups: [] });
  provider.claims.set('s-3', { preferred_username: 'admin', groups: [] });
  provider.claims.set('s-4', { preferred_username: 'a b', groups: [] });
  await makePerson(ground, 'taken', 'correct horse battery');
  const ref = { namespace: 'default', name: 'corp', key: 'secret' };
  await ground.resources.create(secretKind, 'default', {
    metadata: { name: 'corp' },
    stringData: { secret: clientSecret },
  });
  await ground.resources.create(
    signInMethodKind,
    '',
    method({
      issuer: provider.issuer,
      clientId: 'drover',
      clientSecret: ref,
      scopes: ['profile', 'email', 'teams'],
      caPem: ground.caPem,
    }),
  );
}, 60_000);
afterAll(async () => {
  await provider.close();
  await ground.close();
});

const pathOf = (address: string): string => address.slice(ground.address.length);

/** From the sign-in page to the answer of the callback. */
const signIn = async (account: string, browser = openBrowser(ground)) => {
  const begun = await browser.send('GET', start);
  const back = await provider.signIn(String(begun.headers['location']), account);
  return { browser, back, begun, answer: await browser.send('GET', pathOf(back)) };
};

it('makes a user with the groups that the provider tells, none of them ours, and goes on where it began', async () => {
  expect((await openBrowser(ground).send('GET', '/')).text).toContain('Sign in with Corp &#38; Sons');
  const { browser, answer, begun } = await signIn('s-1');
  const asked = new URL(String(begun.headers['location'])).searchParams;
  expect([asked.get('code_challenge_method'), asked.get('response_type')]).toEqual(['S256', 'code']);
  expect(begun.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; Secure; SameSite=Lax$/);
  expect(answer.code).toBe(200);
  expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-drover-session=.*SameSite=Strict$/);
  expect(answer.text).toContain('content="0;url=/api"');
  const review = await browser.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  expect(review.json()).toMatchObject({
    status: {
      userInfo: { username: 'ann', groups: ['corp:ops', 'corp:system:masters', 'system:authenticated'] },
    },
  });
  expect(ground.resources.get(userKind, '', 'ann')).toMatchObject({
    spec: { displayName: 'Ann A.' },
    status: { identities: [{ method: 'corp', subject: 's-1' }] },
  });
});

it('knows somebody again by the subject, whatever they are called now; groups follow', async () => {
  provider.claims.set('s-1', { preferred_username: 'renamed', groups: ['dev'] });
  const { browser } = await signIn('s-1');
  const review = await browser.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  expect(review.json()).toMatchObject({
    status: { userInfo: { username: 'ann', groups: ['corp:dev', 'system:authenticated'] } },
  });
});

it('is no way to become a user who is there already, or the first administrator', async () => {
  expect((await signIn('s-2')).answer.code).toBe(403);
  await change({ linkUsers: true });
  expect((await signIn('s-3')).answer.code).toBe(403);
  expect((await signIn('s-2')).answer.code).toBe(200);
  await change({ linkUsers: false });
  expect((await signIn('s-2')).answer.code).toBe(200);
  expect((await signIn('s-4')).answer.code).toBe(403);
});

it('lets nobody in whom another browser has begun for, twice, or with what was tampered with', async () => {
  const { back, browser } = await signIn('s-1');
  expect((await browser.send('GET', pathOf(back))).code).toBe(401);
  const thief = openBrowser(ground);
  const begun = await thief.send('GET', start);
  const code = await provider.signIn(String(begun.headers['location']), 's-1');
  const victim = openBrowser(ground);
  await victim.send('GET', start);
  expect((await victim.send('GET', pathOf(code))).code).toBe(401);
  const forged = pathOf(code).replace(/code=[^&]+/, 'code=forged');
  expect((await thief.send('GET', forged)).code).toBe(401);
  expect((await thief.send('GET', pathOf(code))).code).toBe(401);
  expect((await thief.send('GET', '/auth/oidc/corp/callback')).code).toBe(401);
  expect((await thief.send('GET', '/auth/oidc/none/start')).code).toBe(404);
});

it('goes to no page of another site afterwards', async () => {
  const browser = openBrowser(ground);
  const begun = await browser.send('GET', '/auth/oidc/corp/start?next=%2F%2Fevil.example');
  const back = await provider.signIn(String(begun.headers['location']), 's-1');
  expect((await browser.send('GET', pathOf(back))).text).toContain('content="0;url=/"');
});

it('lets nobody in who is disabled here, nor by a method that is', async () => {
  await ground.resources.modify(userKind, '', 'ann', (o) => ({ ...o, spec: { disabled: true } }));
  expect((await signIn('s-1')).answer.code).toBe(401);
  await change({ disabled: true });
  expect((await openBrowser(ground).send('GET', start)).code).toBe(404);
  await change({ disabled: false });
});

it('is set up by system:masters only, over TLS only, and its secret is told nowhere', async () => {
  const admin = openBrowser(ground, { bearer: ground.token });
  const path = '/apis/drover.dev/v1alpha1/signinmethods';
  const plain = method({ issuer: 'http://provider.example', clientId: 'x' });
  expect((await admin.send('POST', path, { ...plain, metadata: { name: 'plain' } })).code).toBe(422);
  expect((await admin.send('POST', path, { metadata: { name: 'none' }, spec: {} })).code).toBe(422);
  const text = (await admin.send('GET', path)).text + lines.join('');
  expect(text).not.toContain(clientSecret);
  expect(lines.join('')).toContain('a sign-in through an OpenID provider failed');
  expect(lines.join('')).not.toMatch(/eyJ[\w-]+\.|code=[\w-]{10}/);
});
