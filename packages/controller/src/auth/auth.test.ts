import { ApiError, enrollmentTokenKind, type Kind, type KubeObject } from '@drover/api';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256Hex } from '../platform/ids.ts';
import { type Auth, adminUser, createAuth } from './auth.ts';
import { actorName, type Identity } from './identity.ts';
import { removeOver } from './issue.ts';
import { type Ground, type HandClock, handClock, openGround } from './test-ground.ts';

let ground: Ground;
let clock: HandClock;
let auth: Auth;
const objects = new Map<string, KubeObject>();
const resources = {
  find: (kind: Kind, _namespace: string, name: string) => objects.get(`${kind.plural}/${name}`),
  list: () => ({ resourceVersion: '1', items: [] }),
  kinds: [],
  revision: () => 1,
};

beforeAll(async () => {
  ground = await openGround();
});
beforeEach(() => {
  objects.clear();
  clock = handClock();
  auth = createAuth({ store: ground.store, resources, clock });
});
afterAll(() => ground.close());

const admin: Identity = {
  kind: 'user',
  name: adminUser,
  groups: ['system:masters', 'system:authenticated'],
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, remoteAddress: '192.0.2.9' });
const cookieOf = (setCookie: string) => ({ cookie: `theme=dark; ${setCookie.split(';')[0]}` });

const putToken = (spec: object = {}, status: object = {}) => {
  const object = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'EnrollmentToken',
    metadata: { name: 'rack.1', annotations: { 'drover.dev/token-sha256': sha256Hex('sEcReT') } },
    spec: { maxUses: 1, approval: 'Automatic', revoked: false, ...spec },
    status,
  };
  objects.set(`${enrollmentTokenKind.plural}/rack.1`, object);
};
const putRequest = (name: string, username: string) =>
  objects.set(`certificatesigningrequests/${name}`, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { username },
  });

test('a link signs in once, and its session ends after twelve hours', async () => {
  const link = await auth.createLink(adminUser);
  const taken = await Promise.all([auth.takeLink(link), auth.takeLink(link), auth.takeLink(link)]);
  const [session, ...others] = taken.filter((one) => one !== undefined);
  expect(others).toEqual([]);
  const cookie = session?.cookie ?? '';
  expect(cookie).toMatch(/; Path=\/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$/);
  expect(await auth.authenticate(cookieOf(cookie))).toMatchObject(admin);
  clock.advance(12 * 3_600_000);
  expect(await auth.authenticate(cookieOf(cookie))).toBeUndefined();
});

test('who has a token is let in also while the disk takes no note of it, and not when something else fails', async () => {
  const { token } = await auth.createToken(adminUser, { description: 'ci', expiresSeconds: 0 });
  clock.advance(120_000);
  const credentials = Object.create(ground.store.credentials, {
    touch: { value: () => Promise.reject(failure) },
  }) as typeof ground.store.credentials;
  auth = createAuth({ store: { ...ground.store, credentials }, resources, clock });
  let failure: Error = new ApiError('InsufficientStorage', 'cannot store: the disk is full');
  expect(await auth.authenticate(bearer(token))).toMatchObject(admin);
  failure = new Error('a mistake');
  await expect(auth.authenticate(bearer(token))).rejects.toThrow('a mistake');
});

test('a link ends after fifteen minutes', async () => {
  const link = await auth.createLink(adminUser);
  clock.advance(15 * 60_000);
  expect(await auth.takeLink(link)).toBeUndefined();
});

test('a token signs in until it expires, and one of 0 seconds never does', async () => {
  const { token } = await auth.createToken(adminUser, { description: 'ci', expiresSeconds: 60 });
  const lasting = await auth.createToken(adminUser, { description: 'cli', expiresSeconds: 0 });
  expect(await auth.authenticate(bearer(token))).toMatchObject(admin);
  clock.advance(60_000);
  expect(await auth.authenticate(bearer(token))).toBeUndefined();
  clock.advance(400 * 86_400_000);
  expect(await auth.authenticate(bearer(lasting.token))).toMatchObject(admin);
});

test('a life that is not a number of seconds is refused by its field', async () => {
  for (const expiresSeconds of [-1, 0.5, Number.NaN, 1e12]) {
    await expect(auth.createToken(adminUser, { description: '', expiresSeconds })).rejects.toMatchObject({
      reason: 'Invalid',
      details: { causes: [{ field: 'expiresSeconds' }] },
    });
  }
});

test('a secret serves only for what it was made', async () => {
  const link = await auth.createLink(adminUser);
  const { token } = await auth.createToken(adminUser, { description: '' });
  const { cookie } = (await auth.takeLink(await auth.createLink(adminUser))) ?? { cookie: '' };
  const session = cookie.split(';')[0]?.split('=')[1] ?? '';
  expect(await auth.authenticate(bearer(link))).toBeUndefined();
  expect(await auth.authenticate(bearer(session))).toBeUndefined();
  expect(await auth.authenticate(cookieOf(cookie.replace(session, token)))).toBeUndefined();
  expect(await auth.takeLink(token)).toBeUndefined();
  expect(await auth.authenticate(bearer(token))).toMatchObject(admin);
});

test('signing out ends the session and makes the browser forget it', async () => {
  const { cookie } = (await auth.takeLink(await auth.createLink(adminUser))) ?? { cookie: '' };
  const out = await auth.signOut(cookieOf(cookie));
  expect(out.cookie).toContain('Max-Age=0');
  expect(await auth.authenticate(cookieOf(cookie))).toBeUndefined();
});

test('only hashes of secrets are stored', async () => {
  const { token } = await auth.createToken(adminUser, { description: 'x' });
  const rows = await ground.store.credentials.list('token');
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(rows.some((row) => row.sha256 === sha256Hex(token))).toBe(true);
});

test('headers that hold nothing of ours prove nobody', async () => {
  for (const authorization of [
    '',
    'Basic YTpi',
    'Bearer',
    'Bearer  ',
    `Bearer ${'x'.repeat(10_000)}`,
    'Bearer a.b',
    'Bearer .',
  ])
    expect(await auth.authenticate({ authorization })).toBeUndefined();
  expect(await auth.authenticate({ cookie: '__Host-drover-session' })).toBeUndefined();
  expect(await auth.authenticate({})).toBeUndefined();
});

test('a guessing address is slowed, but not who proved a secret before', async () => {
  const { token } = await auth.createToken(adminUser, { description: '' });
  const fresh = await auth.createToken(adminUser, { description: '' });
  expect(await auth.authenticate(bearer(token))).toMatchObject(admin);
  for (let i = 0; i < 21; i++) await auth.authenticate(bearer(`guess${i}`));
  await expect(auth.authenticate(bearer('guess'))).rejects.toMatchObject({
    reason: 'TooManyRequests',
    details: { retryAfterSeconds: 3 },
  });
  await expect(auth.authenticate(bearer(fresh.token))).rejects.toMatchObject({ reason: 'TooManyRequests' });
  expect(await auth.authenticate(bearer(token))).toMatchObject(admin);
  expect(await auth.authenticate({ ...bearer(fresh.token), remoteAddress: '192.0.2.10' })).toMatchObject(
    admin,
  );
  clock.advance(3000);
  expect(await auth.authenticate(bearer(fresh.token))).toMatchObject(admin);
});

test('who shows a secret that has ended has not guessed: their address is not slowed', async () => {
  const { token } = await auth.createToken(adminUser, { description: '' });
  const fresh = await auth.createToken(adminUser, { description: '' });
  const headers = { ...bearer(token), remoteAddress: '192.0.2.77' };
  expect(await auth.authenticate(headers)).toMatchObject(admin);
  await auth.signOut(headers);
  for (let i = 0; i < 50; i++) expect(await auth.authenticate(headers)).toBeUndefined();
  expect(await auth.authenticate({ ...bearer(fresh.token), remoteAddress: '192.0.2.77' })).toMatchObject(
    admin,
  );
});

test('an enrolment token proves a bootstrap identity, also while its server waits, but not once revoked', async () => {
  const identity = { kind: 'bootstrap', token: 'rack.1' };
  putToken();
  expect(await auth.authenticate(bearer('rack.1.sEcReT'))).toEqual(identity);
  expect(await auth.authenticate(bearer('rack.1.sEcReX'))).toBeUndefined();
  expect(await auth.authenticate(bearer('rack.2.sEcReT'))).toBeUndefined();
  putToken({ expiresAt: '2001-01-01T00:00:00Z' }, { uses: 1 });
  expect(await auth.authenticate(bearer('rack.1.sEcReT'))).toEqual(identity);
  putToken({ revoked: true });
  await expect(auth.authenticate(bearer('rack.1.sEcReT'))).rejects.toThrow('token rack.1 is revoked');
  expect(await auth.authenticate(bearer('rack.1.sEcReX'))).toBeUndefined();
});

const csr = 'certificatesigningrequests.certificates.k8s.io';

test('an administrator may everything, another user nothing without a role', () => {
  expect(auth.authorize(admin, { verb: 'delete', resource: 'nodes', name: 'web1' }).allowed).toBe(true);
  const alice: Identity = { kind: 'user', name: 'alice', groups: ['system:authenticated'] };
  expect(auth.authorize(alice, { verb: 'list', resource: 'nodes' })).toEqual({
    allowed: false,
    reason: '',
  });
});

test('a bootstrap identity may ask for a certificate and read its own request, and nothing more', () => {
  const rack: Identity = { kind: 'bootstrap', token: 'rack.1' };
  putRequest('own', 'system:bootstrap:rack.1');
  putRequest('foreign', 'system:bootstrap:rack.2');
  const may = (
    verb: 'create' | 'get' | 'watch' | 'list' | 'update',
    resource: string,
    name = '',
    subresource = '',
  ) => auth.authorize(rack, { verb, resource, name, subresource, namespace: '' }).allowed;
  expect(may('create', csr)).toBe(true);
  expect(may('get', csr, 'own')).toBe(true);
  expect(may('watch', csr, 'own')).toBe(false);
  expect(may('watch', csr, 'not-made-yet')).toBe(false);
  expect(may('get', 'join')).toBe(true);
  expect(may('get', csr, 'foreign')).toBe(false);
  expect(may('watch', csr)).toBe(false);
  expect(may('list', csr)).toBe(false);
  expect(may('update', csr, 'own', 'approval')).toBe(false);
  expect(may('create', csr, 'own', 'approval')).toBe(false);
  expect(may('get', 'content')).toBe(false);
  expect(may('get', 'nodes', 'web1')).toBe(false);
});

test('a node reaches content only', () => {
  const node: Identity = { kind: 'node', name: 'web1' };
  expect(auth.authorize(node, { verb: 'get', resource: 'content' }).allowed).toBe(true);
  expect(auth.authorize(node, { verb: 'get', resource: 'secrets', name: 'a' }).allowed).toBe(false);
  expect(auth.authorize(node, { verb: 'create', resource: csr }).allowed).toBe(false);
});

test('what is kept about a deed names who did it and in whose name', () => {
  expect(actorName(admin)).toBe('admin');
  expect(actorName({ kind: 'node', name: 'web1' })).toBe('system:node:web1');
  const alice: Identity = { kind: 'user', name: 'alice', groups: [], impersonator: 'admin' };
  expect(actorName(alice)).toBe('alice (by admin)');
});

test('a certificate proves its user until it ends, and its row is removed then', async () => {
  const { credentials } = ground.store;
  const sha256 = sha256Hex('a certificate');
  const ends = { createdAtMs: clock.nowMs(), expiresAtMs: clock.nowMs() + 60_000 };
  const details = { groups: ['system:masters'] };
  await credentials.add({
    id: sha256,
    kind: 'certificate',
    sha256,
    user: adminUser,
    description: '',
    ...ends,
    details,
  });
  expect(await auth.authenticate({ certificate: sha256 })).toEqual({
    ...admin,
    credential: `certificate/${sha256}`,
  });
  await removeOver(credentials, clock.nowMs());
  clock.advance(60_000);
  expect(await auth.authenticate({ certificate: sha256 })).toBeUndefined();
  expect(await credentials.byId(sha256)).toBeDefined();
  await removeOver(credentials, clock.nowMs());
  expect(await credentials.byId(sha256)).toBeUndefined();
});
