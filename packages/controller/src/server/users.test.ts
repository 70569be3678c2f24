// What administrators do with people and groups, against the real server.
import { clusterRoleBindingKind, groupKind, userKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePerson, openBrowser } from './test-browser.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, grant, tokenOf } from './test-people.ts';

const password = 'correct horse battery';
const users = '/apis/drover.dev/v1alpha1/users';
const groups = '/apis/drover.dev/v1alpha1/groups';
const everythingOfPeople = [
  { verbs: ['*'], apiGroups: ['drover.dev'], resources: ['users', 'users/*', 'groups', '*/status'] },
  {
    verbs: ['*'],
    apiGroups: ['drover.dev'],
    resources: ['*/password', '*/link', '*/sessions', '*/secondfactor'],
  },
];
let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await grant(ground, 'helen', everythingOfPeople);
});
afterAll(() => ground.close());

const admin = () => openBrowser(ground, { bearer: ground.token });
const helen = async () => openBrowser(ground, { bearer: await tokenOf(ground, 'helen') });

describe('users', () => {
  it.each(['system:masters', 'Alice', 'a b', '-x', 'x-', 'x'.repeat(129), 'ünal'])(
    'are not called %j',
    async (name) => {
      expect((await admin().send('POST', users, { metadata: { name } })).code).toBe(422);
    },
  );

  it('may be called by their mail address', async () => {
    expect((await admin().send('POST', users, { metadata: { name: 'ann.o+x@example.org' } })).code).toBe(201);
  });

  it('get a password and a link that signs them in, by who may all that they may', async () => {
    await admin().send('POST', users, { metadata: { name: 'kim' } });
    const one = await helen();
    expect((await one.send('PUT', `${users}/kim/password`, { password: 'short' })).code).toBe(422);
    expect((await one.send('PUT', `${users}/kim/password`, { password })).code).toBe(200);
    const { path } = (await one.send('POST', `${users}/kim/link`, { expiresSeconds: 60 })).json();
    const kim = openBrowser(ground);
    expect((await kim.send('GET', String(path))).code).toBe(303);
    expect((await kim.send('GET', '/auth/sessions')).code).toBe(200);
    const listed = (await one.send('GET', `${users}/kim/sessions`)).json();
    expect(listed['items']).toMatchObject([{ kind: 'session', method: 'link' }]);
    expect((await one.send('DELETE', `${users}/kim/sessions`)).code).toBe(200);
    expect((await kim.send('GET', '/api')).code).toBe(401);
  });

  it('who may more are out of reach of who looks after people', async () => {
    await admin().send('POST', users, { metadata: { name: 'opal' } });
    await bind(ground, 'opal', 'operator');
    await admin().send('POST', users, { metadata: { name: 'sub' } });
    await bind(ground, 'sub', 'edit', 'default');
    const one = await helen();
    for (const name of ['admin', 'opal', 'sub']) {
      expect((await one.send('PUT', `${users}/${name}/password`, { password })).code).toBe(403);
      expect((await one.send('POST', `${users}/${name}/link`, {})).code).toBe(403);
      expect((await one.send('DELETE', `${users}/${name}/secondfactor`)).code).toBe(403);
    }
    expect((await admin().send('PUT', `${users}/opal/password`, { password })).code).toBe(200);
  });

  it('have a status that nobody writes but the controller', async () => {
    await makePerson(ground, 'stella', password);
    const one = await helen();
    const patch = await one.send(
      'PATCH',
      `${users}/stella/status`,
      { status: { externalGroups: ['ops'] } },
      merge,
    );
    expect([patch.code, patch.text]).toEqual([403, expect.stringContaining('written by the controller')]);
    const created = { metadata: { name: 'tess' }, status: { externalGroups: ['ops'] } };
    await one.send('POST', users, created);
    expect(JSON.stringify(ground.resources.find(userKind, '', 'tess') ?? {})).not.toContain('ops');
  });

  it('cannot be made of the first administrator what would lock everybody out', async () => {
    const answer = await admin().send('PATCH', `${users}/admin`, { spec: { disabled: true } }, merge);
    expect(answer.code).toBe(422);
    expect((await admin().send('DELETE', `${users}/admin`)).code).toBe(200);
    expect((await admin().send('GET', '/api/v1/nodes')).code).toBe(200);
  });
});

const merge = { 'content-type': 'application/merge-patch+json' };

describe('groups', () => {
  it('give their members roles, as soon as they are in it and no longer', async () => {
    await admin().send('POST', groups, { metadata: { name: 'lookers' } });
    await ground.resources.create(clusterRoleBindingKind, '', {
      metadata: { name: 'lookers' },
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'lookers' }],
    });
    const lou = openBrowser(ground, { bearer: await tokenOf(ground, 'lou') });
    expect((await lou.send('GET', '/api/v1/nodes')).code).toBe(403);
    await ground.resources.modify(groupKind, '', 'lookers', (o) => ({ ...o, spec: { members: ['lou'] } }));
    expect((await lou.send('GET', '/api/v1/nodes')).code).toBe(200);
    const review = await lou.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    expect(review.json()).toMatchObject({
      status: { userInfo: { username: 'lou', groups: ['lookers', 'system:authenticated'] } },
    });
    await ground.resources.delete(groupKind, '', 'lookers');
    expect((await lou.send('GET', '/api/v1/nodes')).code).toBe(403);
  });

  it('that give more than one has take no member from one', async () => {
    await admin().send('POST', groups, { metadata: { name: 'bosses' } });
    await ground.resources.create(clusterRoleBindingKind, '', {
      metadata: { name: 'bosses' },
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'bosses' }],
    });
    const one = await helen();
    const join = await one.send('PATCH', `${groups}/bosses`, { spec: { members: ['helen'] } }, merge);
    expect([join.code, join.text]).toEqual([403, expect.stringContaining('gives more than user')]);
    expect((await one.send('DELETE', `${groups}/bosses`)).code).toBe(200);
    const again = await one.send('POST', groups, {
      metadata: { name: 'bosses' },
      spec: { members: ['helen'] },
    });
    expect(again.code).toBe(403);
    const harmless = await one.send('POST', groups, {
      metadata: { name: 'choir' },
      spec: { members: ['helen'] },
    });
    expect(harmless.code).toBe(201);
  });

  it.each(['system:masters', 'system:authenticated'])('cannot be %s', async (name) => {
    expect((await admin().send('POST', groups, { metadata: { name } })).code).toBe(422);
  });
});
