// What roles allow, asked of the real server: every verb on every kind for every ready role.
import { allKinds, type Kind, resourceKey } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionPath } from './routes/kinds.ts';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, grant, tokenOf } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const reads = 'get list watch';
const writes = 'create update patch delete deletecollection';
const all = `${reads} ${writes}`;

/** What each ready role may on each kind, and '' for nothing: this is the promise. */
const promised: Readonly<Record<string, Readonly<Record<'view' | 'edit' | 'admin' | 'operator', string>>>> = {
  configmaps: { view: reads, edit: all, admin: all, operator: reads },
  events: { view: reads, edit: all, admin: all, operator: reads },
  namespaces: { view: reads, edit: reads, admin: reads, operator: reads },
  'namespaces/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  nodes: { view: reads, edit: reads, admin: reads, operator: all },
  'nodes/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  resourcequotas: { view: reads, edit: reads, admin: reads, operator: reads },
  'resourcequotas/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  secrets: { view: '', edit: all, admin: all, operator: '' },
  serviceaccounts: { view: reads, edit: all, admin: all, operator: reads },
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    view: reads,
    edit: reads,
    admin: reads,
    operator: reads,
  },
  'validatingadmissionpolicies.admissionregistration.k8s.io/status': {
    view: 'get',
    edit: 'get',
    admin: 'get',
    operator: 'get',
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    view: reads,
    edit: reads,
    admin: reads,
    operator: reads,
  },
  'customresourcedefinitions.apiextensions.k8s.io': { view: '', edit: '', admin: '', operator: '' },
  'customresourcedefinitions.apiextensions.k8s.io/status': { view: '', edit: '', admin: '', operator: '' },
  'certificatesigningrequests.certificates.k8s.io': { view: '', edit: '', admin: '', operator: reads },
  'certificatesigningrequests.certificates.k8s.io/status': { view: '', edit: '', admin: '', operator: '' },
  'certificatesigningrequests.certificates.k8s.io/approval': {
    view: '',
    edit: '',
    admin: '',
    operator: 'get update patch',
  },
  'leases.coordination.k8s.io': { view: reads, edit: all, admin: all, operator: reads },
  'commandruns.drover.dev': { view: reads, edit: reads, admin: reads, operator: all },
  'commandruns.drover.dev/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  'commandruns.drover.dev/approval': { view: '', edit: '', admin: '', operator: 'get update patch' },
  'enrollmenttokens.drover.dev': { view: '', edit: '', admin: '', operator: all },
  'enrollmenttokens.drover.dev/status': { view: '', edit: '', admin: '', operator: 'get' },
  'filetransfers.drover.dev': { view: reads, edit: reads, admin: reads, operator: all },
  'filetransfers.drover.dev/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  'filetransfers.drover.dev/approval': { view: '', edit: '', admin: '', operator: 'get update patch' },
  'groups.drover.dev': { view: '', edit: '', admin: '', operator: '' },
  'retentionpolicies.drover.dev': { view: reads, edit: reads, admin: reads, operator: reads },
  'retentionpolicies.drover.dev/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  'runpolicies.drover.dev': { view: reads, edit: reads, admin: reads, operator: reads },
  'savedcommands.drover.dev': { view: reads, edit: reads, admin: reads, operator: all },
  'schedules.drover.dev': { view: reads, edit: reads, admin: reads, operator: all },
  'schedules.drover.dev/status': { view: 'get', edit: 'get', admin: 'get', operator: 'get' },
  'signinmethods.drover.dev': { view: '', edit: '', admin: '', operator: '' },
  'sshenrollments.drover.dev': { view: '', edit: '', admin: '', operator: all },
  'sshenrollments.drover.dev/status': { view: '', edit: '', admin: '', operator: 'get' },
  'users.drover.dev': { view: '', edit: '', admin: '', operator: '' },
  'users.drover.dev/status': { view: '', edit: '', admin: '', operator: '' },
  'nodes.metrics.k8s.io': { view: reads, edit: reads, admin: reads, operator: reads },
  'clusterroles.rbac.authorization.k8s.io': { view: '', edit: '', admin: '', operator: '' },
  'clusterrolebindings.rbac.authorization.k8s.io': { view: '', edit: '', admin: '', operator: '' },
  'roles.rbac.authorization.k8s.io': { view: '', edit: '', admin: all, operator: '' },
  'rolebindings.rbac.authorization.k8s.io': { view: '', edit: '', admin: all, operator: '' },
};

const served = allKinds.filter((kind) => kind.transient !== true);
const computed: ReadonlySet<string> = new Set(served.filter((kind) => kind.computed).map(resourceKey));
const subresourcesOf = (kind: Kind): readonly string[] => [
  ...(kind.hasStatus ? ['status'] : []),
  ...(kind.subresources.includes('approval') ? ['approval'] : []),
];

interface Cell {
  /** As in `promised`. */
  readonly key: string;
  readonly collection: string;
  readonly subresource: string | undefined;
}

const cells: readonly Cell[] = served.flatMap((kind) => {
  const [resource, collection] = [resourceKey(kind), collectionPath(kind).replace(':namespace', 'default')];
  return [
    { key: resource, collection, subresource: undefined },
    ...subresourcesOf(kind).map((subresource) => ({
      key: `${resource}/${subresource}`,
      collection,
      subresource,
    })),
  ];
});

const verbsOf = ({ key, subresource }: Cell): readonly string[] => {
  if (computed.has(key)) return reads.split(' ');
  return subresource === undefined ? all.split(' ') : ['get', 'update', 'patch'];
};

/** Requests of each verb that have no effect even where they are allowed. */
const toRequest = (verb: string, { collection, subresource }: Cell) => {
  const item = `${collection}/absent${subresource === undefined ? '' : `/${subresource}`}`;
  switch (verb) {
    case 'get':
      return { path: item };
    case 'list':
      return { path: collection };
    case 'watch':
      return { path: `${collection}?watch=true`, headOnly: true };
    case 'create':
      return { method: 'POST', path: collection, body: {} };
    case 'update':
      return { method: 'PUT', path: item, body: {} };
    case 'patch':
      return { method: 'PATCH', path: item, body: {} };
    case 'delete':
      return { method: 'DELETE', path: item };
    default:
      return { method: 'DELETE', path: `${collection}?labelSelector=no=such` };
  }
};

/** The verbs for which the server does more than refuse. */
const allowedTo = async (token: string, cell: Cell): Promise<string> => {
  const codes = await Promise.all(
    verbsOf(cell).map(async (verb) => ({
      verb,
      code: (await call(ground, { ...toRequest(verb, cell), token })).code,
    })),
  );
  expect(codes.map(({ code }) => code)).not.toContain(401);
  const allowed = codes.filter(({ code }) => code !== 403).map(({ verb }) => verb);
  return allowed.join(' ');
};

it('every kind and subresource has its line in the table of promises', () => {
  expect(cells.map(({ key }) => key)).toEqual(Object.keys(promised));
});

describe.each(['view', 'edit', 'admin', 'operator'] as const)('the ready role %s', (role) => {
  let token: string;
  beforeAll(async () => {
    await bind(ground, `matrix-${role}`, role);
    token = await tokenOf(ground, `matrix-${role}`);
  });

  it.each(cells)('may what is promised on $key', async (cell) => {
    expect(await allowedTo(token, cell)).toBe(promised[cell.key]?.[role]);
  });
});

describe('with no role, and with the role for everything, one', () => {
  beforeAll(() => bind(ground, 'matrix-all', 'cluster-admin'));

  it.each(cells)('may nothing, and everything, on $key', async (cell) => {
    expect(await allowedTo(await tokenOf(ground, 'matrix-none'), cell)).toBe('');
    expect(await allowedTo(await tokenOf(ground, 'matrix-all'), cell)).toBe(verbsOf(cell).join(' '));
  });
});

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
