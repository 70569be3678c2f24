// What a right is and is not, asked of the real server; who has which is in rbac-matrix.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, grant, tokenOf } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const kinds = {
  configmaps: '/api/v1/namespaces/default/configmaps',
  commandruns: '/apis/drover.dev/v1alpha1/namespaces/default/commandruns',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
} as const;

describe('a right', () => {
  it('that nobody has given is refused in the words of Kubernetes', async () => {
    const token = await tokenOf(ground, 'nobody');
    const node = await call(ground, { path: '/api/v1/nodes/n1', token });
    expect(node.json()).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'nodes "n1" is forbidden: User "nobody" cannot get resource "nodes" in API group "" at the cluster scope',
      details: { name: 'n1', kind: 'nodes' },
    });
    const runs = await call(ground, { path: kinds.commandruns, token });
    expect(runs.json().message).toBe(
      'commandruns.drover.dev is forbidden: User "nobody" cannot list resource "commandruns" in API group "drover.dev" in the namespace "default"',
    );
    const metrics = await call(ground, { path: '/metrics', token });
    expect(metrics.json().message).toBe('forbidden: User "nobody" cannot get path "/metrics"');
  });

  it('in one namespace is none in another, nor in all', async () => {
    await bind(ground, 'local', 'view', 'default');
    const token = await tokenOf(ground, 'local');
    const code = async (path: string) => (await call(ground, { path, token })).code;
    expect(await code(kinds.configmaps)).toBe(200);
    expect(await code('/api/v1/namespaces/default')).toBe(200);
    expect(await code('/api/v1/namespaces/kube-system')).toBe(403);
    expect(await code('/api/v1/namespaces/kube-system/configmaps')).toBe(403);
    expect(await code('/api/v1/configmaps')).toBe(403);
    expect(await code('/api/v1/nodes')).toBe(403);
  });

  it('to one name holds for that name, also when it is listed and watched by it', async () => {
    const rule = {
      verbs: ['get', 'list', 'watch'],
      apiGroups: [''],
      resources: ['nodes'],
      resourceNames: ['n1'],
    };
    await grant(ground, 'narrow', [rule]);
    const token = await tokenOf(ground, 'narrow');
    const code = async (path: string) => (await call(ground, { path, token, headOnly: true })).code;
    expect(await code('/api/v1/nodes/n1')).toBe(404);
    expect(await code('/api/v1/nodes/n2')).toBe(403);
    expect(await code('/api/v1/nodes')).toBe(403);
    expect(await code('/api/v1/nodes?fieldSelector=metadata.name%3Dn1')).toBe(200);
    expect(await code('/api/v1/nodes?watch=1&fieldSelector=metadata.name%3Dn1')).toBe(200);
    expect(await code('/api/v1/nodes?fieldSelector=metadata.name%3Dn2')).toBe(403);
  });

  it('to a resource is none to its subresources, and the other way round', async () => {
    const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*/status', 'secrets'] };
    await grant(ground, 'parts', [rule]);
    const token = await tokenOf(ground, 'parts');
    const code = async (path: string) => (await call(ground, { path, token })).code;
    expect(await code('/api/v1/nodes/n1/status')).toBe(404);
    expect(await code('/api/v1/nodes/n1')).toBe(403);
    expect(await code('/api/v1/nodes/n1/facts')).toBe(403);
    expect(await code(`${kinds.commandruns}/r/status`)).toBe(404);
  });

  it('to a path holds for that path', async () => {
    await grant(ground, 'paths', [{ verbs: ['get'], nonResourceURLs: ['/record*'] }]);
    const token = await tokenOf(ground, 'paths');
    expect((await call(ground, { path: '/recordings', token })).code).toBe(200);
    expect((await call(ground, { path: '/metrics', token })).code).toBe(403);
    expect((await call(ground, { method: 'POST', path: '/agents/n1/update', token })).code).toBe(403);
  });

  it('ends with its binding, at once', async () => {
    await bind(ground, 'shortly', 'view', 'default');
    const token = await tokenOf(ground, 'shortly');
    expect((await call(ground, { path: kinds.configmaps, token })).code).toBe(200);
    const bindings = await call(ground, { path: kinds.rolebindings });
    const { items } = bindings.json() as unknown as { items: { metadata: { name: string } }[] };
    for (const { metadata } of items.filter((one) => one.metadata.name.startsWith('shortly')))
      await call(ground, { method: 'DELETE', path: `${kinds.rolebindings}/${metadata.name}` });
    expect((await call(ground, { path: kinds.configmaps, token })).code).toBe(403);
  });
});
