// Admission policies and kinds that users define: as what is written, and as params.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { call } from './test-people.ts';
import { about, enact, repeal } from './test-policies.ts';

let ground: Ground;
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const jobs = '/apis/jobs.example.com/v1/namespaces/default/jobs';

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  },
  schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
});
const definition = (plural: string, kind: string, scope: string) => ({
  metadata: { name: `${plural}.jobs.example.com` },
  spec: {
    group: 'jobs.example.com',
    scope,
    names: { plural, kind },
    versions: [version('v1', true), version('v2', false)],
  },
});

const send = (method: string, path: string, body?: unknown) =>
  call(ground, { method, path, ...(body === undefined ? {} : { body }) });
const job = (name: string, spec: object = {}, labels: object = {}) => ({ metadata: { name, labels }, spec });
const never = (resources: readonly string[], apiVersions = ['*'], matchPolicy = 'Equivalent') => {
  const [rule] = about(resources).resourceRules;
  return {
    matchConstraints: { resourceRules: [{ ...rule, apiVersions }], matchPolicy },
    validations: [
      { expression: 'false', messageExpression: "request.kind.version + ' ' + object.apiVersion" },
    ],
  };
};

beforeAll(async () => {
  ground = await openGround();
  await send('POST', crds, definition('jobs', 'Job', 'Namespaced'));
  await send('POST', crds, definition('limits', 'Limit', 'Cluster'));
  await vi.waitFor(() => {
    expect(ground.resources.customKind('jobs.example.com', 'v2', 'jobs')).toBeDefined();
    expect(ground.resources.customKind('jobs.example.com', 'v1', 'limits')).toBeDefined();
  });
});
afterEach(() => repeal(ground));
afterAll(() => ground.close());

describe('a policy about one version of a kind', () => {
  const inV2 = (name: string) => send('POST', jobs.replace('/v1/', '/v2/'), job(name));

  it('is asked about the others too, in that version', async () => {
    await enact(ground, 'p', never(['jobs'], ['v1']));
    expect((await inV2('a')).json().message).toMatch(/denied request: v1 jobs.example.com\/v1$/);
  });

  it('is not, where it says Exact', async () => {
    await enact(ground, 'p', never(['jobs'], ['v1'], 'Exact'));
    expect((await inV2('exact')).code).toBe(201);
    expect((await send('POST', jobs, job('b'))).code).toBe(422);
  });
});

describe('the scale of an object', () => {
  it('is put to policies about the scale, as a Scale', async () => {
    await send('POST', jobs, job('scaled', { replicas: 1 }));
    const expression = [
      "request.subResource == 'scale' && request.kind.kind == 'Scale' && request.resource.resource == 'jobs'",
      'object.spec.replicas <= 3 && oldObject.spec.replicas == 1',
    ].join(' && ');
    const matchConstraints = about(['jobs/scale']);
    await enact(ground, 'p', { matchConstraints, validations: [{ expression }] });
    const scale = (replicas: number) => send('PATCH', `${jobs}/scaled/scale`, { spec: { replicas } });
    expect((await scale(4)).code).toBe(422);
    expect((await scale(3)).code).toBe(200);
    expect((await send('PATCH', `${jobs}/scaled`, { spec: { replicas: 9 } })).code).toBe(200);
  });
});

describe('params of a kind that users defined', () => {
  it('are found in no namespace, and count as they are now', async () => {
    const limits = '/apis/jobs.example.com/v1/limits';
    await send('POST', limits, job('jobs', { max: 2 }));
    const spec = {
      paramKind: { apiVersion: 'jobs.example.com/v1', kind: 'Limit' },
      matchConstraints: about(['jobs'], ['CREATE']),
      validations: [{ expression: 'object.spec.replicas <= params.spec.max' }],
    };
    const paramRef = { name: 'jobs', parameterNotFoundAction: 'Deny' };
    await enact(ground, 'p', spec, { paramRef, validationActions: ['Deny'] });
    const tryIt = async () => (await send('POST', `${jobs}?dryRun=All`, job('x', { replicas: 3 }))).code;
    expect(await tryIt()).toBe(422);
    await send('PATCH', `${limits}/jobs`, { spec: { max: 3 } });
    expect(await tryIt()).toBe(201);
  });

  it('are refused where the binding names a namespace', async () => {
    const spec = {
      ...never(['jobs']),
      paramKind: { apiVersion: 'jobs.example.com/v1', kind: 'Limit' },
    };
    const paramRef = { name: 'jobs', namespace: 'default', parameterNotFoundAction: 'Allow' };
    await enact(ground, 'p', spec, { paramRef, validationActions: ['Deny'] });
    expect((await send('POST', jobs, job('x'))).json().message).toContain(
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  });
});

describe('selectors', () => {
  it('choose by labels of the namespace, and of the object now or before', async () => {
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'strict', labels: { strict: 'yes' } } });
    const rules = never(['jobs']).matchConstraints;
    const byNamespace = { ...rules, namespaceSelector: { matchLabels: { strict: 'yes' } } };
    await enact(ground, 'p', { ...never(['jobs']), matchConstraints: byNamespace });
    expect((await send('POST', jobs, job('free', {}, { critical: 'yes' }))).code).toBe(201);
    expect((await send('POST', jobs.replace('default', 'strict'), job('x'))).code).toBe(422);
    await repeal(ground);
    const byObject = { ...rules, objectSelector: { matchLabels: { critical: 'yes' } } };
    await enact(ground, 'q', { ...never(['jobs']), matchConstraints: byObject });
    const unlabel = { metadata: { labels: { critical: null } } };
    expect((await send('PATCH', `${jobs}/free`, unlabel)).code).toBe(422);
    expect((await send('POST', jobs, job('other'))).code).toBe(201);
  });
});
