// Nobody gives more than they have, and nobody is somebody else without leave: tried against the real server.
import { clusterRoleKind, type PolicyRule, rbacGroup, serviceAccountKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { type Answer, call, grant, tokenOf, userSubject } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const roles = `/apis/${rbacGroup}/v1/clusterroles`;
const bindings = `/apis/${rbacGroup}/v1/clusterrolebindings`;
const readNodes: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['nodes'] };
const readSecrets: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
const mayWriteRoles: PolicyRule = {
  verbs: ['get', 'create', 'update', 'patch'],
  apiGroups: [rbacGroup],
  resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'],
};

const role = (name: string, rules: readonly PolicyRule[], more: object = {}) => ({
  metadata: { name },
  rules,
  ...more,
});
const binding = (name: string, roleName: string) => ({
  metadata: { name },
  roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: roleName },
  subjects: [userSubject('mallory')],
});

describe('giving rights', () => {
  let token: string;
  const post = (path: string, body: unknown): Promise<Answer> =>
    call(ground, { method: 'POST', path, token, body });
  const patch = (path: string, body: unknown): Promise<Answer> =>
    call(ground, { method: 'PATCH', path, token, body });
  beforeAll(async () => {
    await grant(ground, 'mallory', [mayWriteRoles, readNodes]);
    token = await tokenOf(ground, 'mallory');
  });

  it('that one has is allowed', async () => {
    const narrower = { ...readNodes, verbs: ['get'], resourceNames: ['n1'] };
    expect((await post(roles, role('held', [narrower]))).code).toBe(201);
    expect((await post(bindings, binding('held', 'held'))).code).toBe(201);
  });

  it('that one has not is refused, naming them as Kubernetes does', async () => {
    const answer = await post(roles, role('more', [readNodes, readSecrets]));
    expect(answer.code).toBe(403);
    expect(answer.json().message).toBe(
      'clusterroles.rbac.authorization.k8s.io "more" is forbidden: user "mallory" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
    expect(ground.resources.find(clusterRoleKind, '', 'more')).toBeUndefined();
  });

  it.each<readonly [string, PolicyRule]>([
    ['every verb', { ...readNodes, verbs: ['*'] }],
    ['every resource', { ...readNodes, resources: ['*'] }],
    ['every group', { ...readNodes, apiGroups: ['*'] }],
    ['subresources', { ...readNodes, resources: ['nodes/*', '*/status'] }],
    ['paths', { verbs: ['get'], nonResourceURLs: ['/metrics'] }],
  ])('wider by %s is refused, also in a dry run', async (_what, rule) => {
    expect((await post(roles, role('wider', [rule]))).code).toBe(403);
    expect((await post(`${roles}?dryRun=All`, role('wider', [rule]))).code).toBe(403);
  });

  it('is refused in every way of changing a role that one made', async () => {
    expect((await post(roles, role('mine', [readNodes]))).code).toBe(201);
    const grown = { rules: [readNodes, readSecrets] };
    expect((await patch(`${roles}/mine`, grown)).code).toBe(403);
    const put = { method: 'PUT', path: `${roles}/mine`, token, body: role('mine', [readSecrets]) };
    expect((await call(ground, put)).code).toBe(403);
    expect((await patch(`${roles}/mine`, { metadata: { labels: { a: 'b' } } })).code).toBe(200);
  });

  it('is refused by server-side apply too, which makes and changes roles', async () => {
    const applied = (name: string, rules: readonly PolicyRule[]) =>
      call(ground, {
        method: 'PATCH',
        path: `${roles}/${name}?fieldManager=mallory&force=true`,
        token,
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: { apiVersion: `${rbacGroup}/v1`, kind: 'ClusterRole', ...role(name, rules) },
      });
    expect((await applied('applied', [readSecrets])).code).toBe(403);
    expect(ground.resources.find(clusterRoleKind, '', 'applied')).toBeUndefined();
    expect((await applied('applied', [readNodes])).code).toBe(201);
    expect((await applied('applied', [readNodes, readSecrets])).code).toBe(403);
    expect((await applied('held', [readSecrets])).code).toBe(403);
  });

  it('by a label that makes a bigger role part of a ready one is refused', async () => {
    const label = { metadata: { labels: { [`${rbacGroup}/aggregate-to-view`]: 'true' } } };
    expect((await patch(`${roles}/cluster-admin`, label)).code).toBe(403);
  });

  it('by gathering what one does not know yet is refused', async () => {
    const gathers = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { any: 'thing' } }] } };
    expect((await post(roles, role('gathers', [], gathers))).code).toBe(403);
    expect((await post(roles, role('later', []))).code).toBe(201);
    expect((await patch(`${roles}/later`, gathers)).code).toBe(403);
  });

  it('by binding a bigger role is refused, and so is one that is not there', async () => {
    const answer = await post(bindings, binding('to-admin', 'cluster-admin'));
    expect(answer.code).toBe(403);
    expect(answer.json().message).toContain('attempting to grant RBAC permissions not currently held');
    expect((await post(bindings, binding('to-nothing', 'nothing'))).code).toBe(404);
    const local = `/apis/${rbacGroup}/v1/namespaces/default/rolebindings`;
    expect((await post(local, binding('to-admin', 'cluster-admin'))).code).toBe(403);
  });

  it('by adding oneself to a binding of others is refused', async () => {
    const more = { subjects: [userSubject('mallory')] };
    expect((await patch(`${bindings}/cluster-admin`, more)).code).toBe(403);
  });

  it('is allowed to who may escalate, or bind that role', async () => {
    const verb = (word: string, resource: string, name: string): PolicyRule => ({
      verbs: [word],
      apiGroups: [rbacGroup],
      resources: [resource],
      resourceNames: [name],
    });
    const trusted = [
      mayWriteRoles,
      verb('escalate', 'clusterroles', 'grown'),
      verb('bind', 'clusterroles', 'view'),
    ];
    await grant(ground, 'trent', trusted);
    const by = { method: 'POST', token: await tokenOf(ground, 'trent') };
    expect((await call(ground, { ...by, path: roles, body: role('grown', [readSecrets]) })).code).toBe(201);
    expect((await call(ground, { ...by, path: roles, body: role('other', [readSecrets]) })).code).toBe(403);
    expect((await call(ground, { ...by, path: bindings, body: binding('b1', 'view') })).code).toBe(201);
    expect((await call(ground, { ...by, path: bindings, body: binding('b2', 'edit') })).code).toBe(403);
  });

  it('never changes which role a binding gives', async () => {
    const change = { roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'view' } };
    const answer = await call(ground, { method: 'PATCH', path: `${bindings}/cluster-admin`, body: change });
    expect(answer.code).toBe(422);
    expect(answer.text).toContain('cannot change roleRef');
  });
});

describe('acting as somebody else', () => {
  const self = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const who = (headers: Readonly<Record<string, string | string[]>>, token?: string): Promise<Answer> =>
    call(ground, {
      method: 'POST',
      path: self,
      body: {},
      headers,
      ...(token === undefined ? {} : { token }),
    });
  const infoOf = (answer: Answer) =>
    (answer.json() as unknown as { status: { userInfo: object } }).status.userInfo;

  it('an administrator is that user, with nothing of their own left', async () => {
    const answer = await who({
      'impersonate-user': 'alice',
      'impersonate-group': ['ops', 'a, b'],
      'impersonate-uid': 'u1',
      'impersonate-extra-acme.com%2Fproject': ['x', 'y'],
    });
    expect(infoOf(answer)).toEqual({
      username: 'alice',
      uid: 'u1',
      groups: ['ops', 'a, b', 'system:authenticated'],
      extra: { 'acme.com/project': ['x', 'y'] },
    });
    const nodes = await call(ground, { path: '/api/v1/nodes', headers: { 'impersonate-user': 'alice' } });
    expect(nodes.json().message).toContain('User "alice" cannot list resource "nodes"');
  });

  it('a service account comes with its groups, the anonymous user with its own', async () => {
    const account = await who({ 'impersonate-user': 'system:serviceaccount:default:ci' });
    expect(infoOf(account)).toMatchObject({
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    // Nobody may ask who they are but those who are known: the refusal tells whom the server saw.
    const anonymous = await who({ 'impersonate-user': 'system:anonymous' });
    expect(anonymous.json().message).toContain('User "system:anonymous" cannot create');
  });

  it('needs leave for the user, for every group, for the uid and for every extra value', async () => {
    const leave = (resource: string, names: string[], apiGroups = ['']): PolicyRule => ({
      verbs: ['impersonate'],
      apiGroups,
      resources: [resource],
      resourceNames: names,
    });
    const rules = [
      leave('users', ['alice']),
      leave('groups', ['ops']),
      leave('userextras/team', ['x'], ['authentication.k8s.io']),
    ];
    await grant(ground, 'deputy', rules);
    const token = await tokenOf(ground, 'deputy');
    const code = async (headers: Readonly<Record<string, string | string[]>>) =>
      (await who({ 'impersonate-user': 'alice', ...headers }, token)).code;
    expect(await code({})).toBe(201);
    expect(await code({ 'impersonate-group': 'ops' })).toBe(201);
    expect(await code({ 'impersonate-extra-team': 'x' })).toBe(201);
    expect(await code({ 'impersonate-user': 'bob' })).toBe(403);
    expect(await code({ 'impersonate-user': 'system:serviceaccount:default:ci' })).toBe(403);
    expect(await code({ 'impersonate-group': ['ops', 'system:masters'] })).toBe(403);
    expect(await code({ 'impersonate-extra-team': ['x', 'y'] })).toBe(403);
    expect(await code({ 'impersonate-uid': 'u1' })).toBe(403);
    const refused = await who({ 'impersonate-user': 'bob' }, token);
    expect(refused.json().message).toBe(
      'users "bob" is forbidden: User "deputy" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });

  it('is never half done: headers without a user, twice a user or unknown ones are refused', async () => {
    expect((await who({ 'impersonate-group': 'system:masters' })).code).toBe(400);
    expect((await who({ 'impersonate-user': ['alice', 'bob'] })).code).toBe(400);
    expect((await who({ 'impersonate-user': 'alice', 'impersonate-groups': 'x' })).code).toBe(400);
    expect((await who({ 'impersonate-user': 'alice', 'impersonate-extra-%zz': 'x' })).code).toBe(400);
  });

  it('makes no token that would outlive the request', async () => {
    const wanted = { method: 'POST', path: '/auth/tokens', body: {} };
    const headers = { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' };
    const answer = await call(ground, { ...wanted, headers });
    expect(answer.code).toBe(403);
    expect(answer.text).toContain('not while acting as somebody else');
  });

  it('does not reach past what that user may give', async () => {
    const body = binding('by-alice', 'cluster-admin');
    const headers = { 'impersonate-user': 'mallory' };
    expect((await call(ground, { method: 'POST', path: bindings, body, headers })).code).toBe(403);
  });
});

describe('the token of a service account', () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  const ask = (name: string, spec: object = {}) =>
    call(ground, { method: 'POST', path: `${accounts}/${name}/token`, body: { spec } });
  const tokenIn = (answer: Answer): string =>
    (answer.json() as unknown as { status: { token: string } }).status.token;
  const make = (name: string) =>
    ground.resources.create(serviceAccountKind, 'default', { metadata: { name } });

  it('proves the account, with the rights of its bindings and no others', async () => {
    await make('reader');
    await ground.resources.create(clusterRoleKind, '', role('node-reader', [readNodes]));
    const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }];
    const given = { ...binding('reader', 'node-reader'), subjects };
    expect((await call(ground, { method: 'POST', path: bindings, body: given })).code).toBe(201);
    const answer = await ask('reader', { expirationSeconds: 600 });
    expect(answer.json()).toMatchObject({ kind: 'TokenRequest', spec: { expirationSeconds: 600 } });
    const token = tokenIn(answer);
    expect((await call(ground, { path: '/api/v1/nodes', token })).code).toBe(200);
    const refused = await call(ground, { path: '/api/v1/namespaces/default/secrets', token });
    expect(refused.json().message).toContain('User "system:serviceaccount:default:reader" cannot list');
    expect((await call(ground, { method: 'POST', path: '/auth/tokens', token, body: {} })).code).toBe(403);
  });

  it('is kept as a hash only, and ends with the account, also for a later one of the same name', async () => {
    await make('brief');
    const token = tokenIn(await ask('brief'));
    expect(JSON.stringify(await ground.store.credentials.list('token'))).not.toContain(token);
    const path = '/api';
    expect((await call(ground, { path, token })).code).toBe(200);
    await ground.resources.delete(serviceAccountKind, 'default', 'brief');
    expect((await call(ground, { path, token })).code).toBe(401);
    await make('brief');
    expect((await call(ground, { path, token })).code).toBe(401);
  });

  it('lives for ten minutes at least, for this API only, and for an account that is there', async () => {
    await make('strict');
    expect((await ask('strict', { expirationSeconds: 599 })).code).toBe(422);
    expect((await ask('strict', { audiences: ['vault'] })).code).toBe(422);
    const bound = await ask('strict', { boundObjectRef: { kind: 'Pod', name: 'web' } });
    expect(bound.code).toBe(422);
    expect(bound.json().message).toContain('spec.boundObjectRef: must NOT have more than 0 properties');
    // So client-go says that it wants none (kubectl 1.30).
    expect((await ask('strict', { boundObjectRef: null })).code).toBe(201);
    expect((await ask('absent')).code).toBe(404);
  });
});

describe('questions about rights', () => {
  const group = '/apis/authorization.k8s.io/v1';
  const ask = async (path: string, spec: object, token?: string) => {
    const wanted = { method: 'POST', path: `${group}/${path}`, body: { spec } };
    const answer = await call(ground, { ...wanted, ...(token === undefined ? {} : { token }) });
    expect(answer.code).toBe(201);
    return (answer.json() as unknown as { status: Readonly<Record<string, unknown>> }).status;
  };
  let token: string;
  beforeAll(async () => {
    await grant(ground, 'quinn', [readNodes, { verbs: ['get'], nonResourceURLs: ['/metrics'] }]);
    token = await tokenOf(ground, 'quinn');
  });

  it('about oneself are answered as the request itself would be', async () => {
    const nodes = (verb: string) => ({ resourceAttributes: { verb, resource: 'nodes' } });
    expect(await ask('selfsubjectaccessreviews', nodes('get'), token)).toEqual({ allowed: true });
    expect(await ask('selfsubjectaccessreviews', nodes('delete'), token)).toEqual({ allowed: false });
    const path = { nonResourceAttributes: { verb: 'get', path: '/metrics' } };
    expect(await ask('selfsubjectaccessreviews', path, token)).toEqual({ allowed: true });
    expect(await ask('selfsubjectaccessreviews', nodes('delete'))).toEqual({ allowed: true });
  });

  it('about all rules list them, those of everybody included', async () => {
    const status = await ask('selfsubjectrulesreviews', { namespace: 'default' }, token);
    expect(status).toMatchObject({ incomplete: false });
    expect(status['resourceRules']).toContainEqual(readNodes);
    expect(JSON.stringify(status['nonResourceRules'])).toContain('/metrics');
    expect(JSON.stringify(status['resourceRules'])).toContain('selfsubjectaccessreviews');
  });

  it('are not answered by whoever asks them', async () => {
    const body = {
      spec: { resourceAttributes: { verb: 'delete', resource: 'nodes' } },
      status: { allowed: true },
    };
    const path = `${group}/selfsubjectaccessreviews`;
    const answer = await call(ground, { method: 'POST', path, body, token });
    expect(answer.json()).toMatchObject({ status: { allowed: false } });
    const empty = { spec: { namespace: 'default' }, status: { resourceRules: null, nonResourceRules: null } };
    const rules = { method: 'POST', path: `${group}/selfsubjectrulesreviews`, body: empty };
    expect((await call(ground, rules)).code).toBe(201);
  });

  it('about others need a right of their own', async () => {
    const spec = { user: 'quinn', resourceAttributes: { verb: 'get', resource: 'nodes' } };
    expect(await ask('subjectaccessreviews', spec)).toEqual({ allowed: true });
    expect(await ask('subjectaccessreviews', { ...spec, user: 'nobody' })).toEqual({ allowed: false });
    const masters = {
      groups: ['system:masters'],
      resourceAttributes: { verb: '*', resource: '*', group: '*' },
    };
    expect(await ask('subjectaccessreviews', masters)).toEqual({ allowed: true });
    const asked = { method: 'POST', path: `${group}/subjectaccessreviews`, body: { spec }, token };
    expect((await call(ground, asked)).code).toBe(403);
  });

  it('about a namespace stay in it', async () => {
    const local = `${group}/namespaces/default/localsubjectaccessreviews`;
    const spec = (namespace: string) => ({
      user: 'quinn',
      resourceAttributes: { verb: 'get', resource: 'nodes', namespace },
    });
    const code = async (namespace: string) =>
      (await call(ground, { method: 'POST', path: local, body: { spec: spec(namespace) } })).code;
    expect(await code('default')).toBe(201);
    expect(await code('kube-system')).toBe(422);
  });

  it('that ask nothing, or two things, are refused; nothing is stored', async () => {
    const path = `${group}/selfsubjectaccessreviews`;
    const both = { resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/' } };
    for (const spec of [{}, both])
      expect((await call(ground, { method: 'POST', path, body: { spec } })).code).toBe(422);
    expect((await call(ground, { path })).code).toBe(405);
  });
});
