// Who stands in the rows of the audit trail: people acting as others, those who may not, nobody, and those who sign in.
import { createClient } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminUser } from '../auth/auth.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, tokenOf } from './test-people.ts';
import { leftBy } from './test-trail.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const left = (work: () => Promise<unknown>) => leftBy(ground, work);
const collection = '/api/v1/namespaces/default/configmaps';

describe('who may not', () => {
  it('is refused in a row with the reason, also when they only wanted to read', async () => {
    await bind(ground, 'viewer', 'view');
    const token = await tokenOf(ground, 'viewer');
    const found = await left(async () => {
      await call(ground, { method: 'POST', path: collection, body: { metadata: { name: 'x' } }, token });
      await call(ground, { path: '/api/v1/namespaces/default/secrets/planted', token });
      await call(ground, { path: '/audit', token });
      await call(ground, { path: '/recordings', token });
      await call(ground, { path: collection, token });
    });
    const refused = { user: 'viewer', decision: 'deny', code: 403, address: '127.0.0.1' };
    const reason = expect.stringMatching(/^Forbidden: .*User "viewer" cannot/);
    expect(found).toMatchObject([
      { ...refused, reason, verb: 'create', resource: 'configmaps', namespace: 'default' },
      { ...refused, reason, verb: 'get', resource: 'secrets', name: 'planted' },
      { ...refused, reason, verb: 'list', resource: 'audit' },
      { ...refused, reason, verb: 'list', resource: 'recordings' },
    ]);
    expect(found).toHaveLength(4);
  });

  it('give more than they have is refused in a row', async () => {
    await bind(ground, 'giver', 'admin', 'default');
    const token = await tokenOf(ground, 'giver');
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
    const body = {
      metadata: { name: 'more' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'giver' }],
    };
    const found = await left(() => call(ground, { method: 'POST', path, body, token }));
    expect(found).toMatchObject([
      { user: 'giver', decision: 'deny', code: 403, resource: 'rolebindings', name: 'more' },
    ]);
  });
});

describe('who acts as somebody else', () => {
  const create = (headers: Readonly<Record<string, string>>, token = ground.token) => {
    const body = { metadata: { name: 'acting' } };
    return left(() => call(ground, { method: 'POST', path: collection, body, headers, token }));
  };

  it('is in the row beside whom they act as, also when that one may not', async () => {
    await bind(ground, 'alice', 'edit');
    expect(await create({ 'impersonate-user': 'alice' })).toMatchObject([
      {
        user: 'alice',
        impersonator: adminUser,
        groups: ['system:authenticated'],
        credential: expect.stringMatching(/^token\//),
        code: 201,
      },
    ]);
    const [denied] = await create({ 'impersonate-user': 'bob' });
    expect(denied).toMatchObject({ user: 'bob', impersonator: adminUser, decision: 'deny', code: 403 });
    const { items } = await ground.client.audit.page({ user: adminUser, limit: 1 });
    expect(items).toEqual([denied]);
  });

  it('and may not, is named, with what was tried', async () => {
    const [row, ...more] = await create({ 'impersonate-user': 'alice' }, await tokenOf(ground, 'mallory'));
    expect(more).toEqual([]);
    expect(row).toMatchObject({ user: 'mallory', decision: 'deny', code: 403, resource: 'configmaps' });
    expect(row).not.toHaveProperty('impersonator');
    expect(row?.reason).toMatch(/^Forbidden: users "alice" is forbidden: User "mallory" cannot impersonate/);
  });

  it('leaves a row of bounded length, however long the name is that they want', async () => {
    const token = await tokenOf(ground, 'mallory');
    const [row] = await create({ 'impersonate-user': 'x'.repeat(10_000) }, token);
    expect(row).toMatchObject({ user: 'mallory', code: 403 });
    expect(JSON.stringify(row).length).toBeLessThan(2_000);
  });

  it('through the cookie of somebody whom a foreign page made ask, is refused in the name of that one', async () => {
    const { cookie = '' } = (await ground.auth.takeLink(await ground.auth.createLink(adminUser))) ?? {};
    const path = `${collection}/one`;
    const headers = { cookie: cookie.split(';')[0] ?? '', origin: 'https://elsewhere.example' };
    const found = await left(() => call(ground, { method: 'DELETE', path, headers, token: null }));
    expect(found).toMatchObject([{ user: adminUser, decision: 'deny', code: 403, verb: 'delete' }]);
  });
});

describe('sign-in', () => {
  it('tells the link that was used and the session that was made, and a link that was not right', async () => {
    const link = await ground.auth.createLink(adminUser);
    const used = await left(async () =>
      (await ground.client.http.open({ path: '/sign-in', query: { link } })).resume(),
    );
    expect(used.map(({ verb, resource, user }) => [verb, resource, user])).toEqual([
      ['use', 'links', adminUser],
      ['sign-in', 'sessions', adminUser],
    ]);
    expect(used[1]?.reason).toBe('by link');
    expect(JSON.stringify(used)).not.toContain(link);
    const again = await left(() => ground.client.http.json({ path: '/sign-in', query: { link } }));
    expect(again).toMatchObject([
      { verb: 'sign-in', user: '', decision: 'deny', code: 401, reason: expect.stringContaining('was used') },
    ]);
    expect(JSON.stringify(again)).not.toContain(link);
  });

  it('tells a token that was made', async () => {
    const found = await left(() => ground.client.createToken({ description: 'x' }));
    expect(found).toMatchObject([{ verb: 'create', resource: 'tokens', user: adminUser, code: 201 }]);
  });

  it('tells for which service account a token was made, and names that token when it is used', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await call(ground, { method: 'POST', path: accounts, body: { metadata: { name: 'ci' } } });
    let token = '';
    const path = `${accounts}/ci/token`;
    const [made, ...more] = await left(async () => {
      const answer = await call(ground, { method: 'POST', path, body: { spec: {} } });
      token = (answer.json() as unknown as { status: { token: string } }).status.token;
    });
    const target = { resource: 'serviceaccounts', subresource: 'token', namespace: 'default', name: 'ci' };
    expect(more).toEqual([]);
    expect(made).toMatchObject({ ...target, verb: 'create', user: adminUser, code: 201 });
    expect(JSON.stringify(made)).not.toContain(token);
    const [used] = await left(() => call(ground, { method: 'DELETE', path: `${collection}/x`, token }));
    expect(used).toMatchObject({ user: 'system:serviceaccount:default:ci', decision: 'deny' });
    expect(made?.reason).toBe(`made ${used?.credential}`);
  });

  it('tells the session that was signed out, in one row that is there or not together with its end', async () => {
    const { cookie = '' } = (await ground.auth.takeLink(await ground.auth.createLink(adminUser))) ?? {};
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    const path = '/auth/sign-out';
    const found = await left(() => call(ground, { method: 'POST', path, headers, token: null }));
    expect(found).toMatchObject([{ verb: 'sign-out', resource: 'sessions', user: adminUser, code: 200 }]);
    expect(found[0]?.credential).toBe(`session/${found[0]?.name}`);
    expect(found).toHaveLength(1);
  });
});

// Last: it uses up what strangers may leave in a minute.
describe('who is nobody', () => {
  it('cannot fill the disk with rows', async () => {
    const { http } = createClient({ address: ground.address, caPem: ground.caPem, token: '' });
    const found = await left(async () => {
      for (let i = 0; i < 50; i++)
        await http.json({ method: 'POST', path: '/api/v1/nodes', body: {} }).catch(() => undefined);
    });
    http.close();
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(30);
  });
});
